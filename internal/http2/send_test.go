package http2

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http2/frame"
)

// bodies answers with so many bytes, at the path "/n".
func bodies(x exchangeOf) exchange.Outcome {
	n := 0
	_, _ = fmt.Sscanf(string(x.Head.Path), "/%d", &n)
	return text(x, 200, strings.Repeat("b", n))
}

// order is the streams of the Data frames, in their order, each once in a row.
func order(lines []string) (ids string) {
	was := ""
	for _, line := range lines {
		if rest, ok := strings.CutPrefix(line, "DATA "); ok {
			id, _, _ := strings.Cut(rest, " ")
			if id != was {
				ids, was = ids+" "+id, id
			}
		}
	}
	return strings.TrimSpace(ids)
}

// TestPriorities: the urgent first, those that are not incremental one after the other, the others in
// turn (RFC 9218).
func TestPriorities(t *testing.T) {
	site := &site{routes: map[string]func(x exchangeOf) exchange.Outcome{"/50000": bodies, "/40000": bodies}}
	for _, c := range []struct {
		priorities [3]string
		want       string
	}{
		{[3]string{"u=5", "u=1", "u=3"}, "3 5 1"},
		{[3]string{"u=3", "u=3, i", "u=0"}, "5 1 3"},
		{[3]string{"", "", ""}, "1 3 5 1 3 5 1 3 5"},
		{[3]string{"i", "i", "u=2"}, "5 1 3 1 3 1 3"},
	} {
		l := newLab(t, Config{}, site)
		l.greet(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 20})
		for i, p := range c.priorities {
			l.request(uint32(2*i+1), "GET", "/40000", "priority", p)
		}
		l.raw(frame.WindowUpdate, 0, 0, word(1<<20))
		l.core.conns.next.window = 0 // nothing is sent before all are there
		l.turn()
		l.raw(frame.WindowUpdate, 0, 0, word(1<<20))
		l.turn()
		got := order(l.frames())
		require.Equal(t, c.want, got, "%q", c.priorities)
	}
}

func TestParsePriority(t *testing.T) {
	for text, want := range map[string]priority{
		"": {3, true}, "u=0": {0, false}, "u=7, i": {7, true}, "i": {3, true}, "i=?0": {3, false}, "u=8": {3, false},
		"u=-1, i=?1": {3, true}, "x=1,  u=2": {2, false},
	} {
		require.Equal(t, want, parsePriority(text), text)
	}
}

// TestWindows: bodies of all sizes come whole through windows of all sizes, which also shrink.
func TestWindows(t *testing.T) {
	for _, size := range []int{0, 1, 100, 16384, 16385, 70000} {
		for _, window := range []uint32{1, 100, 5000, 20000} {
			s := &site{routes: map[string]func(x exchangeOf) exchange.Outcome{fmt.Sprint("/", size): bodies}}
			l := newLab(t, Config{}, s)
			l.greet(http2.Setting{ID: http2.SettingInitialWindowSize, Val: window})
			l.request(1, "GET", fmt.Sprint("/", size))
			if size > 20000 {
				require.NoError(t, l.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: window / 2}))
			}
			l.turn()
			got, ended := 0, false
			for range 100_000 {
				before := got
				n, end := l.content()
				got, ended = got+n, ended || end
				if ended {
					break
				}
				if got == before {
					l.raw(frame.WindowUpdate, 0, 1, word(max(window, 1000)))
					l.raw(frame.WindowUpdate, 0, 0, word(max(window, 1000)))
				}
				l.turn()
			}
			require.True(t, ended, "%d through %d", size, window)
			require.Equal(t, size, got, "%d through %d", size, window)
			require.Equal(t, s.begun, s.released)
			require.Empty(t, l.core.conns.next.streams)
		}
	}
}

// content counts the bytes of the Data frames since the last call.
func (l *lab) content() (n int, ended bool) {
	for more := l.peer.Take(); len(more) > 0; more = l.peer.Take() {
		l.in.Write(more)
		l.v.RunUntilIdle()
	}
	for l.in.Len() >= frame.HeaderSize {
		h := frame.ParseHeader(l.in.Bytes())
		if l.in.Len() < frame.HeaderSize+h.Length {
			return n, ended
		}
		l.in.Next(frame.HeaderSize + h.Length)
		if h.Type == frame.Data {
			n += h.Length
		}
		ended = ended || (h.Type == frame.Data || h.Type == frame.Headers) && h.Flags.Has(frame.EndStream)
	}
	return n, ended
}

// TestUploadWindows: a client that obeys the windows is never stuck, and one that does not is cut off.
func TestUploadWindows(t *testing.T) {
	l := newLab(t, Config{}, &site{admit: func(exchangeOf) exchange.Admission { return exchange.Admission{Limit: 8 << 20} }})
	l.greet()
	l.head(1, false, "POST", "/")
	stream, conn, sent := streamWindow, connWindow, 0
	for sent < 5<<20 {
		n := min(16384, stream, conn)
		require.Positive(t, n, "stuck after %d bytes", sent)
		l.raw(frame.Data, 0, 1, strings.Repeat("x", n))
		stream, conn, sent = stream-n, conn-n, sent+n
		l.turn()
		for _, line := range l.frames() {
			id, more := 0, 0
			if k, _ := fmt.Sscanf(line, "WINDOW_UPDATE %d %d", &id, &more); k == 2 && id == 0 {
				conn += more
			} else if k == 2 {
				stream += more
			}
		}
	}
	l.raw(frame.Data, frame.EndStream, 1, "")
	l.turn()
	require.Contains(t, strings.Join(l.frames(), "\n"), ":status=200")

	held := newLab(t, Config{}, &site{routes: map[string]func(x exchangeOf) exchange.Outcome{"/none": func(exchangeOf) exchange.Outcome { return exchange.Later }}})
	held.greet()
	held.head(1, false, "POST", "/none")
	for range streamWindow/16384 + 1 {
		held.raw(frame.Data, 0, 1, strings.Repeat("x", 16384))
	}
	held.turn()
	require.Equal(t, "RST_STREAM 1 FLOW_CONTROL_ERROR", last(held.frames()))
}

// TestDrain: streams that have begun are answered, and no request is lost without the client being told.
func TestDrain(t *testing.T) {
	var kept exchangeOf
	s := &site{routes: map[string]func(x exchangeOf) exchange.Outcome{"/later": func(x exchangeOf) exchange.Outcome { kept = x; return exchange.Later }}}
	l := newLab(t, Config{}, s)
	l.greet()
	l.server.CloseAfterResponses()
	l.request(1, "GET", "/later")
	l.request(3, "GET", "/")
	l.turn()
	require.Contains(t, strings.Join(l.frames(), "\n"), "GOAWAY 2147483647 NO_ERROR")
	l.request(5, "GET", "/")
	l.turn()
	require.Contains(t, strings.Join(l.frames(), "\n"), "HEADERS 5 :status=200", "it may not have known")
	l.server.Drain()
	l.v.RunUntilIdle()
	require.Equal(t, []string{"GOAWAY 5 NO_ERROR "}, l.frames())
	l.request(7, "GET", "/")
	l.turn()
	require.Empty(t, l.frames(), "the client knows that it was not served")
	require.False(t, l.closed)
	l.v.Do(func() { text(kept, 200, "late"); kept.Finish() })
	l.v.RunUntilIdle()
	require.Contains(t, strings.Join(l.frames(), "\n"), "DATA 1 late end")
	require.True(t, l.peer.Ended())
	l.v.Advance(3 * time.Second)
	l.v.RunUntilIdle()
	require.True(t, l.closed)
	require.Equal(t, s.begun, s.released)
}

// TestCut: what is not answered when the time is over is cancelled.
func TestCut(t *testing.T) {
	var kept exchangeOf
	s := &site{routes: map[string]func(x exchangeOf) exchange.Outcome{"/later": func(x exchangeOf) exchange.Outcome { kept = x; return exchange.Later }}}
	l := newLab(t, Config{}, s)
	l.greet()
	l.request(1, "GET", "/later")
	l.turn()
	l.v.Do(func() { l.core.each(func(c *conn) { c.breakOff(ErrServerClosed) }) })
	require.Equal(t, []error{ErrServerClosed}, s.cancelled)
	require.True(t, l.closed)
	require.Zero(t, s.released, "the handler still has it")
	l.v.Do(func() { kept.Finish() })
	l.v.RunUntilIdle()
	require.Equal(t, 1, s.released)
}
