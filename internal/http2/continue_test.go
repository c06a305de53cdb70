package http2

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http2/frame"
)

// TestContinue: a client that waits is asked for its body before it has sent any of it, when somebody wants it: at once
// where it is collected, and when it is read where it is streamed. It hears the answer alone where nobody does.
func TestContinue(t *testing.T) {
	const ask = "HEADERS 1 :status=100"
	expect := []string{"expect", "100-continue"}
	labOf := func(t *testing.T) (*lab, *[]exchangeOf) {
		reading := new([]exchangeOf)
		s := &site{routes: map[string]func(x exchangeOf) exchange.Outcome{"/stream": func(x exchangeOf) exchange.Outcome {
			*reading = append(*reading, x)
			return exchange.Later
		}}}
		l := newLab(t, Config{}, s)
		l.greet()
		return l, reading
	}
	t.Run("collected", func(t *testing.T) {
		for _, more := range [][]string{expect, append([]string{"content-length", "5"}, expect...)} {
			l, _ := labOf(t)
			l.head(1, false, "POST", "/", more...)
			l.turn()
			require.Equal(t, []string{ask}, l.frames())
			l.raw(frame.Data, 0, 1, "he")
			l.turn()
			require.Empty(t, l.frames(), "once is enough")
			l.raw(frame.Data, frame.EndStream, 1, "llo")
			l.turn()
			got := l.frames()
			require.Len(t, got, 2)
			require.Contains(t, got[0], ":status=200")
			require.Equal(t, "DATA 1 POST / test hello end", got[1])
		}
	})
	t.Run("streamed", func(t *testing.T) {
		l, reading := labOf(t)
		l.head(1, false, "POST", "/stream", expect...)
		l.turn()
		require.NotContains(t, strings.Join(l.frames(), "\n"), ":status=100", "nobody reads")
		x := (*reading)[0]
		body := make(chan string, 1)
		go func() {
			b, _ := io.ReadAll(x.BodyReader)
			body <- string(b)
		}()
		asked := ""
		require.True(t, l.v.RunUntil(func() bool {
			asked += strings.Join(l.frames(), "\n")
			return asked != ""
		}))
		require.Equal(t, ask, asked)
		l.raw(frame.Data, frame.EndStream, 1, "hello")
		l.turn()
		require.Equal(t, "hello", <-body)
		l.v.Do(func() { text(x, 200, "read"); x.Finish() })
		require.Contains(t, strings.Join(l.frames(), "\n"), "DATA 1 read end")
	})
	t.Run("nobody wants it", func(t *testing.T) {
		for path, want := range map[string]string{"/none": ":status=200", "/": ":status=413"} {
			l, _ := labOf(t)
			l.head(1, false, "POST", path, append([]string{"content-length", "2000000"}, expect...)...)
			l.turn()
			got := l.frames()
			require.Contains(t, got[0], want)
			require.Equal(t, "RST_STREAM 1 NO_ERROR", last(got))
			require.NotContains(t, strings.Join(got, "\n"), ":status=100")
		}
	})
	t.Run("not asked", func(t *testing.T) {
		l, _ := labOf(t)
		l.head(1, false, "POST", "/")
		l.turn()
		require.Empty(t, l.frames())
	})
	t.Run("no body", func(t *testing.T) {
		l, _ := labOf(t)
		l.request(1, "POST", "/", expect...)
		l.turn()
		got := l.frames()
		require.Len(t, got, 2)
		require.Contains(t, got[0], ":status=200")
	})
}
