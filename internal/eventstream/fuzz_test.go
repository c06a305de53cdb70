package eventstream

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// oneByte reads one byte at a time, so that every line break falls between reads.
type oneByte struct{ io.Reader }

func (r oneByte) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(len(p), 1)]) }

// FuzzEvent: whatever is sent, a reader of the stream finds that event and no other,
// or the event is refused.
func FuzzEvent(f *testing.F) {
	f.Add("price", "7", []byte("two\r\nlines\n"), int64(3000))
	f.Add("", "", []byte(""), int64(0))
	f.Add("a\rb", "", []byte("\r\r\n\n"), int64(-1))
	f.Add("", "\x00", []byte(": x"), int64(1))
	f.Add(" a", ":", []byte("\xef\xbb\xbf"), int64(90*time.Minute))
	f.Fuzz(func(t *testing.T, name, id string, data []byte, retry int64) {
		sent := Event{Name: name, ID: id, Retry: time.Duration(retry), Data: data}
		text, err := Append(nil, &sent)
		if err != nil {
			require.ErrorIs(t, err, ErrField)
			require.True(t, strings.ContainsAny(name+id, "\r\n\x00"))
			return
		}
		for _, stream := range []io.Reader{bytes.NewReader(text), oneByte{bytes.NewReader(text)}} {
			r := NewReader(stream)
			got, err := r.Next()
			require.NoError(t, err)
			require.Equal(t, name, got.Name)
			require.Equal(t, id, got.ID)
			require.Equal(t, strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(data)), string(got.Data))
			if retry <= 0 {
				require.Zero(t, got.Retry)
			} else {
				require.Equal(t, max(time.Millisecond, time.Duration(retry).Truncate(time.Millisecond)), got.Retry)
			}
			_, err = r.Next()
			require.Equal(t, io.EOF, err, "one event")
		}
	})
}

// FuzzReader: what is read of any stream does not depend on how its bytes arrive, and
// is read again from what is written of it.
func FuzzReader(f *testing.F) {
	f.Add([]byte("\xef\xbb\xbfdata: a\r\ndata\r\rid: 7\n\n:x\nevent: e\ndata:b\n\n"))
	f.Add([]byte("retry: 99999999999999999999\nretry: 5\nid: a\x00\ndata:\n\ndata: cut off"))
	f.Add([]byte("data: a\r\r\n\ndata: b\r\n\r\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		events, err := all(bytes.NewReader(stream))
		slow, slowErr := all(oneByte{bytes.NewReader(stream)})
		require.Equal(t, events, slow)
		require.Equal(t, err, slowErr)
		var text []byte
		for _, event := range events {
			text, err = Append(text, &event)
			require.NoError(t, err)
		}
		again, err := all(bytes.NewReader(text))
		require.Equal(t, io.EOF, err)
		require.Len(t, again, len(events))
		for i := range events { // "" takes no ID back
			if events[i].ID == "" {
				events[i].ID = again[i].ID
			}
		}
		require.Equal(t, events, again)
	})
}

// all reads to the end.
func all(stream io.Reader) (events []Event, err error) {
	r := NewReader(stream)
	for {
		event, err := r.Next()
		if err != nil {
			return events, err
		}
		events = append(events, event)
	}
}
