package http2

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/http2"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http2/frame"
)

// fieldsBehind are those of the tests, and one that may not come there.
var fieldsBehind = []exchange.Field{{Name: "Grpc-Status", Value: "0"}, {Name: "X-Sum", Value: "1"}, {Name: "Content-Length", Value: "7"}}

// trails answers with a body and fieldsBehind, staged.
func trails(body string) func(x exchangeOf) exchange.Outcome {
	return func(x exchangeOf) exchange.Outcome {
		text(x, 200, body)
		x.SetTrailing(fieldsBehind)
		return exchange.Answered
	}
}

// trailsStream is trails in pieces.
func trailsStream(pieces ...string) func(x exchangeOf) exchange.Outcome {
	return func(x exchangeOf) exchange.Outcome {
		if x.OnReactor() {
			return exchange.Move
		}
		x.Status = 200
		x.Announce([]string{"Grpc-Status", "Host"})
		w, _ := x.Open(-1)
		for _, piece := range pieces {
			_, _ = w.Write([]byte(piece))
			_ = w.Flush()
		}
		x.SetTrailing(fieldsBehind)
		_ = x.EndStream()
		return exchange.Answered
	}
}

func trailingLab(t *testing.T, settings ...http2.Setting) *lab {
	l := newLab(t, Config{}, &site{routes: map[string]func(x exchangeOf) exchange.Outcome{
		"/staged": trails("hello"), "/none": trails(""), "/large": trails(strings.Repeat("x", 20000)),
		"/stream": trailsStream("hel", "lo"), "/empty": trailsStream(),
	}})
	l.core.spawn = func(task async.Task) { task.Run() }
	l.greet(settings...)
	return l
}

// TestTrailing: fields behind a body end the stream, in a frame of their own, whatever the body
// is like.
func TestTrailing(t *testing.T) {
	const end = "HEADERS 1 grpc-status=0 x-sum=1 end"
	for path, want := range map[string][]string{
		"/staged": {"HEADERS 1 :status=200 content-type=text/plain content-length=5 trailer=Grpc-Status, X-Sum", "DATA 1 hello", end},
		"/none":   {"HEADERS 1 :status=200 content-type=text/plain content-length=0 trailer=Grpc-Status, X-Sum", end},
		"/stream": {"HEADERS 1 :status=200 trailer=Grpc-Status", "DATA 1 hello", end},
		"/empty":  {"HEADERS 1 :status=200 trailer=Grpc-Status", end},
	} {
		l := trailingLab(t)
		l.request(1, "GET", path)
		l.turn()
		require.Equal(t, want, l.frames(), path)
		require.Equal(t, 1, l.site.released)
		require.Empty(t, l.core.conns.next.streams, path)

		l.request(3, "HEAD", path)
		l.turn()
		got := l.frames()
		require.Len(t, got, 1, "%v", got)
		require.NotContains(t, got[0], "trailer")
		require.Contains(t, got[0], " end")
	}
}

// TestTrailingWaitsForTheBody: the fields come behind the last byte that the windows let through.
func TestTrailingWaitsForTheBody(t *testing.T) {
	for _, path := range []string{"/staged", "/stream"} {
		l := trailingLab(t, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 2})
		l.request(1, "GET", path)
		l.turn()
		got := l.frames()
		require.Equal(t, "DATA 1 he", got[len(got)-1])
		l.raw(frame.WindowUpdate, 0, 1, word(3))
		l.turn()
		require.Equal(t, []string{"DATA 1 llo", "HEADERS 1 grpc-status=0 x-sum=1 end"}, l.frames())
	}
	l := trailingLab(t)
	l.request(1, "GET", "/large")
	l.turn()
	got := l.frames()
	require.Len(t, got, 4, "%v", got)
	require.Equal(t, "HEADERS 1 grpc-status=0 x-sum=1 end", got[3])
}

// TestEndNeedsNoWindow: the end of a body that is all sent does not wait for a window, which is
// negative once the client has made it smaller.
func TestEndNeedsNoWindow(t *testing.T) {
	var goOn func()
	l := newLab(t, Config{}, &site{routes: map[string]func(x exchangeOf) exchange.Outcome{"/stream": func(x exchangeOf) exchange.Outcome {
		if x.OnReactor() {
			return exchange.Move
		}
		x.Status = 200
		w, _ := x.Open(-1)
		_, _ = w.Write([]byte("hello"))
		_ = w.Flush()
		goOn()
		_ = x.EndStream()
		return exchange.Answered
	}}})
	var lent async.Task
	l.core.spawn = func(task async.Task) { lent = task }
	l.greet()
	l.request(1, "GET", "/stream")
	l.turn()
	goOn = func() {
		require.NoError(t, l.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1}))
		l.v.RunUntilIdle()
		l.turn()
		require.Negative(t, l.core.conns.next.streams[1].window)
	}
	lent.Run()
	l.v.RunUntilIdle()
	got := l.frames()
	require.Equal(t, "DATA 1  end", got[len(got)-1])
}

// TestTrailingAsNetHTTP: what net/http does not send behind a body is not sent here either.
func TestTrailingAsNetHTTP(t *testing.T) {
	for _, name := range []string{
		"Authorization", "Cache-Control", "Connection", "Content-Encoding", "Content-Length", "Content-Range", "Content-Type", "Expect", "Host",
		"Keep-Alive", "Max-Forwards", "Pragma", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Range", "Realm", "Te", "Trailer",
		"Transfer-Encoding", "Www-Authenticate", "If-Match", "If-Anything",
	} {
		require.False(t, httpguts.ValidTrailerHeader(name), name)
		x := &exchange.Exchange{}
		x.Respond(200, "", nil)
		x.Head.Minor = 1
		x.Announce([]string{name})
		require.Empty(t, x.Announced(), name)
		x.SetTrailing([]exchange.Field{{Name: name, Value: "v"}, {Name: "Digest", Value: "v"}})
		require.Equal(t, []exchange.Field{{Name: "Digest", Value: "v"}}, x.Trailing())
	}
}
