package http2

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/http2/hpack"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// FuzzFields: what we write, x/net reads as what was meant, whatever its table and wherever the block is cut, and nothing
// of it is kept in a table. Fields that are none are left out, which x/net's own opinion of fields tells.
func FuzzFields(f *testing.F) {
	f.Add(uint16(200), uint8(0), "X-Name", "value", "text/plain", int64(5), uint16(4096), uint16(0), false)
	f.Add(uint16(404), uint8(3), "Set-Cookie", "a=b; Secure", "", int64(-1), uint16(0), uint16(1), true)
	f.Add(uint16(999), uint8(255), "UPGRADE", "h2c", "application/json", int64(1<<62), uint16(1), uint16(200), true)
	f.Add(uint16(304), uint8(17), "bad name", "bad\r\nvalue", "", int64(127), uint16(100), uint16(3), false)
	f.Add(uint16(103), uint8(9), strings.Repeat("n", 127), strings.Repeat("\xff", 300), strings.Repeat("t", 126), int64(0), uint16(9), uint16(400), false)
	f.Add(uint16(500), uint8(9), strings.Repeat("n", 128), strings.Repeat("v", 127+1<<14), strings.Repeat("t", 255), int64(0), uint16(9), uint16(400), false)
	static := make([]string, 0, len(staticNames))
	for name := range staticNames {
		static = append(static, name)
	}
	slices.Sort(static)
	f.Fuzz(func(t *testing.T, code uint16, which uint8, name, value, contentType string, length int64, table, cut uint16, shrunk bool) {
		status := 100 + int(code)%900
		now := time.Unix(int64(code)<<16, 0)
		if !httpguts.ValidHeaderFieldValue(contentType) {
			contentType = "" // its setter refuses it
		}
		var block []byte
		if shrunk {
			block = append(block, 0x20)
		}
		block = appendOpening(block, now, status, contentType, "fasterapi")
		want := []hpack.HeaderField{
			{Name: ":status", Value: strconv.Itoa(status)},
			{Name: "date", Value: now.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")},
			{Name: "server", Value: "fasterapi"},
		}
		if contentType != "" {
			want = append(want, hpack.HeaderField{Name: "content-type", Value: contentType})
		}
		for _, given := range []exchange.Field{{Name: name, Value: value}, {Name: "Set-Cookie", Value: value}, {Name: static[int(which)%len(static)], Value: value}, {Name: "X-" + name, Value: name}} {
			block = appendField(block, given)
			lower := strings.ToLower(given.Name)
			if httpguts.ValidHeaderFieldName(given.Name) && httpguts.ValidHeaderFieldValue(given.Value) && lower != "upgrade" {
				want = append(want, hpack.HeaderField{Name: lower, Value: given.Value, Sensitive: lower == "set-cookie"})
			}
		}
		if length >= 0 {
			block = appendLength(block, length)
			want = append(want, hpack.HeaderField{Name: "content-length", Value: fmt.Sprint(length)})
		}
		var got []hpack.HeaderField
		decoder := hpack.NewDecoder(uint32(table), func(f hpack.HeaderField) { got = append(got, f) })
		at := int(cut) % len(block)
		for _, piece := range [][]byte{block[:at], block[at:]} {
			_, err := decoder.Write(piece)
			require.NoError(t, err)
		}
		require.NoError(t, decoder.Close())
		require.Equal(t, want, got)
		_, err := decoder.Write([]byte{0x80 | 62})
		require.Error(t, err, "the table has an entry")
	})
}
