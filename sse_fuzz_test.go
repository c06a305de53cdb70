package fasterapi

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzEvent: whatever is sent, a reader of the stream finds one event with the
// same fields, or the event is refused.
func FuzzEvent(f *testing.F) {
	f.Add("price", "7", "two\r\nlines\n", int64(3000))
	f.Add("", "", "", int64(0))
	f.Add("a\rb", "", "\r\r\n\n", int64(-1))
	f.Add("", "\x00", ": x", int64(1))
	f.Fuzz(func(t *testing.T, name, id, data string, retry int64) {
		text, err := appendEvent(nil, name, id, time.Duration(retry), []byte(data))
		if err != nil {
			require.True(t, strings.ContainsAny(name+id, "\r\n\x00"))
			return
		}
		require.True(t, strings.HasSuffix(string(text), "\n\n"))
		var gotName, gotID string
		var gotData []string
		lines := strings.Split(strings.TrimSuffix(string(text), "\n\n"), "\n")
		for _, line := range lines {
			require.NotContains(t, line, "\r")
			field, value, found := strings.Cut(line, ": ")
			require.True(t, found)
			switch field {
			case "event":
				gotName = value
			case "id":
				gotID = value
			case "data":
				gotData = append(gotData, value)
			default:
				require.Equal(t, "retry", field)
				require.Positive(t, retry)
			}
		}
		require.Equal(t, name, gotName)
		require.Equal(t, id, gotID)
		want := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(data)
		require.Equal(t, want, strings.Join(gotData, "\n"))
	})
}
