package http2

import (
	"fmt"
	"strings"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/fasterapi/fasterapi/internal/http2/frame"
)

// frames are those that the server has sent since the last call, a line each.
func (l *lab) frames() (lines []string) {
	l.t.Helper()
	for more := l.peer.Take(); len(more) > 0; more = l.peer.Take() {
		l.in.Write(more)
		l.v.RunUntilIdle()
	}
	framer := http2.NewFramer(nil, &l.in)
	framer.SetMaxReadFrameSize(1 << 20)
	for l.in.Len() >= frame.HeaderSize && l.in.Len() >= frame.HeaderSize+frame.ParseHeader(l.in.Bytes()).Length {
		f, err := framer.ReadFrame()
		require.NoError(l.t, err)
		lines = append(lines, l.line(f))
	}
	return lines
}

func (l *lab) line(f http2.Frame) string {
	h := f.Header()
	end := ""
	if h.Type == http2.FrameData && h.Flags.Has(http2.FlagDataEndStream) || h.Type == http2.FrameHeaders && h.Flags.Has(http2.FlagHeadersEndStream) {
		end = " end"
	}
	switch f := f.(type) {
	case *http2.SettingsFrame:
		if f.IsAck() {
			return "SETTINGS ack"
		}
		return "SETTINGS"
	case *http2.HeadersFrame:
		fields, err := l.decoder.DecodeFull(f.HeaderBlockFragment())
		require.NoError(l.t, err)
		return fmt.Sprintf("HEADERS %d %s%s", h.StreamID, fieldText(fields), end)
	case *http2.DataFrame:
		text := string(f.Data())
		if len(text) > 100 {
			text = fmt.Sprintf("(%d bytes)", len(text))
		}
		return fmt.Sprintf("DATA %d %s%s", h.StreamID, text, end)
	case *http2.RSTStreamFrame:
		return fmt.Sprintf("RST_STREAM %d %s", h.StreamID, f.ErrCode)
	case *http2.GoAwayFrame:
		return fmt.Sprintf("GOAWAY %d %s %s", f.LastStreamID, f.ErrCode, f.DebugData())
	case *http2.WindowUpdateFrame:
		return fmt.Sprintf("WINDOW_UPDATE %d %d", h.StreamID, f.Increment)
	case *http2.PingFrame:
		return fmt.Sprintf("PING %x ack=%v", f.Data, f.IsAck())
	}
	return h.String()
}

// fieldText is what is of interest of the fields of a response.
func fieldText(fields []hpack.HeaderField) string {
	var parts []string
	for _, f := range fields {
		if f.Name != "date" {
			parts = append(parts, f.Name+"="+f.Value)
		}
	}
	return strings.Join(parts, " ")
}
