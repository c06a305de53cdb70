package http1

import (
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/poll/sim"
)

func TestAnswer(t *testing.T) {
	l := newLab(t, 1, Config{Limits: exchange.Limits{ServerName: "lab"}}, &site{})
	p := l.dial()
	require.Equal(t, "HTTP/1.1 200 OK\r\nServer: lab\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n/a",
		dateless(l.send(p, get("/a"))))
	require.Equal(t, "HTTP/1.1 200 OK\r\nServer: lab\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 2\r\n\r\n/b",
		dateless(l.send(p, "GET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")))
	require.True(t, p.Ended())
	require.Equal(t, 1, l.v.Net.Open(), "only the listener is open")
}

func TestPipelining(t *testing.T) {
	l := newLab(t, 1, Config{}, &site{})
	p := l.dial()
	var in, want strings.Builder
	for i := range 500 {
		in.WriteString(get("/" + itoa(i)))
		want.WriteString("/" + itoa(i) + ",")
	}
	out := l.send(p, in.String())
	require.Equal(t, want.String(), strings.Join(bodies(t, out), ",")+",")
}

func TestPipeliningAcrossOwners(t *testing.T) {
	for seed := range uint64(20) {
		var late *exchange.Exchange
		s := &site{}
		s.routes = map[string]func(x *exchange.Exchange) exchange.Outcome{
			"/worker": onGoroutine(func(x *exchange.Exchange) exchange.Outcome { return text(x, 200, "worker") }),
			"/reactor": func(x *exchange.Exchange) exchange.Outcome {
				if !x.OnReactor() {
					return exchange.Move
				}
				return text(x, 200, "reactor")
			},
			"/late": func(x *exchange.Exchange) exchange.Outcome {
				if !x.OnReactor() {
					return exchange.Move
				}
				late = x
				return exchange.Later
			},
		}
		l := newLab(t, seed, Config{}, s)
		p := l.dial()
		out := l.send(p, get("/worker")+get("/worker")+get("/reactor")+get("/late")+get("/worker")+get("/last"))
		require.Equal(t, []string{"worker", "worker", "reactor"}, bodies(t, out), "what is known is sent")
		text(late, 200, "late")
		l.v.Do(late.Finish)
		l.run()
		require.Equal(t, []string{"late", "worker", "/last"}, bodies(t, string(p.Take())))
	}
}

// TestHandlerBreaks: what a handler does costs its own request only.
func TestHandlerBreaks(t *testing.T) {
	boom := func(*exchange.Exchange) exchange.Outcome { panic("boom") }
	exit := func(x *exchange.Exchange) exchange.Outcome {
		x.Respond(500, "text/plain", []byte("staged"))
		runtime.Goexit()
		return exchange.Answered
	}
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/panic": boom, "/worker/panic": onGoroutine(boom), "/worker/exit": onGoroutine(exit),
		"/worker": onGoroutine(func(x *exchange.Exchange) exchange.Outcome { return text(x, 200, "fine") }),
	}}
	l := newLab(t, 1, Config{}, s)
	l.core.spawn = l.v.Reactor.Worker // a goroutine has to end
	p := l.dial()
	in := get("/panic") + get("/worker/panic") + get("/worker/exit") + get("/worker/exit") + get("/worker") + get("/a")
	require.True(t, p.Send(in))
	var out string
	require.True(t, l.v.RunUntil(func() bool { out += string(p.Take()); return len(statuses(out)) == 6 }))
	require.Equal(t, []string{"500", "500", "500", "500", "200", "200"}, statuses(out))
	require.Contains(t, out, "staged")
	l.v.Close()
}

// TestFinishOnlySchedules: the handler's code is on the stack when it calls
// Finish, so nothing else may run there.
func TestFinishOnlySchedules(t *testing.T) {
	var late *exchange.Exchange
	s := &site{}
	s.routes = map[string]func(*exchange.Exchange) exchange.Outcome{"/late": func(x *exchange.Exchange) exchange.Outcome {
		late = x
		return exchange.Later
	}}
	l := newLab(t, 1, Config{}, s)
	p := l.dial()
	require.Empty(t, l.send(p, get("/late")+get("/next")))
	l.v.Do(func() {
		text(late, 200, "late")
		late.Finish()
		require.Equal(t, []string{"GET /late"}, s.calls())
		require.Zero(t, s.released)
	})
	require.Equal(t, []string{"late", "/next"}, bodies(t, string(p.Take())))
}

// TestExchangeOfTruncatedHead: a head that was cut off leaves nothing behind in
// the exchange that the next connection gets.
func TestExchangeOfTruncatedHead(t *testing.T) {
	l := newLab(t, 1, Config{}, &site{})
	for range 20 {
		p := l.dial()
		require.Empty(t, l.send(p, "GET /cut HTTP/1.1\r\nX: y\r\nHo"))
		p.Reset()
		l.run()
		require.Equal(t, []string{"/whole"}, bodies(t, l.send(l.dial(), get("/whole"))))
	}
}

// TestHalfClose: a client that has said all it will gets its answers, and the
// end at once.
func TestHalfClose(t *testing.T) {
	for _, chop := range []bool{false, true} {
		s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{"/echo": echo, "/w": onGoroutine(echo)}}
		l := newLab(t, 1, Config{}, s)
		l.v.Net.Chop = chop
		p := l.dial()
		require.True(t, p.Send(get("/a")+post("/echo", "b")+post("/w", "c")))
		p.CloseWrite()
		l.run()
		require.Equal(t, []string{"/a", "[b]", "[c]"}, bodies(t, string(p.Take())))
		require.True(t, p.Ended())
		require.Zero(t, l.server.Stats().Open)
		require.Empty(t, s.cancels(), "nobody has left while a handler worked")
	}
}

// TestClientLeaves: the end of the client's stream while the handler works
// cancels the exchange, once for each edge at most, and its answer is sent all
// the same.
func TestClientLeaves(t *testing.T) {
	leave := map[string]func(p *sim.Peer){
		"half close": (*sim.Peer).CloseWrite, "close": (*sim.Peer).Close, "reset": (*sim.Peer).Reset,
	}
	for name, leave := range leave {
		var l *lab
		var p *sim.Peer
		var late *exchange.Exchange
		s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
			"/late": func(x *exchange.Exchange) exchange.Outcome {
				late = x
				return exchange.Later
			},
			"/w": onGoroutine(func(x *exchange.Exchange) exchange.Outcome {
				leave(p)
				l.v.RunUntilIdle()
				return text(x, 200, "w")
			}),
		}}
		l = newLab(t, 1, Config{}, s)
		p = l.dial()
		l.send(p, get("/late"))
		leave(p)
		l.run()
		require.Equal(t, []error{exchange.ErrClientGone}, s.cancels(), name)
		text(late, 200, "late")
		l.v.Do(late.Finish)
		if name == "half close" {
			require.Equal(t, []string{"late"}, bodies(t, string(p.Take())))
		}
		l.run()
		require.Zero(t, l.server.Stats().Open, name)

		p = l.dial()
		l.send(p, get("/w"))
		require.Equal(t, []error{exchange.ErrClientGone, exchange.ErrClientGone}, s.cancels(), name)
		require.Zero(t, l.server.Stats().Open, name)
		require.Equal(t, 2, s.released, name)
	}
}

// TestFieldsOfTheEngine: a handler cannot frame its response a second time.
func TestFieldsOfTheEngine(t *testing.T) {
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{"/a": func(x *exchange.Exchange) exchange.Outcome {
		for _, f := range [][2]string{
			{"content-length", "5"},
			{"Transfer-Encoding", "chunked"},
			{"Date", "today"},
			{"Keep-Alive", "x"},
			{"X-Mine", "yes"},
			{"connection", "Close"},
			{"X-Split", "a\r\nb: c"},
		} {
			x.AddField(f[0], f[1])
		}
		return text(x, 200, "body")
	}}}
	l := newLab(t, 1, Config{}, s)
	p := l.dial()
	out := l.send(p, get("/a")+get("/never"))
	require.Equal(t, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Mine: yes\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody", dateless(out))
	require.Equal(t, 1, strings.Count(out, "Date"))
}

// TestReactorSurvives: handlers that panic or exit on the reactor cost their
// own request, and not even their connection.
func TestReactorSurvives(t *testing.T) {
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/exit":       func(*exchange.Exchange) exchange.Outcome { runtime.Goexit(); return exchange.Answered },
		"/panic":      func(*exchange.Exchange) exchange.Outcome { panic("boom") },
		"/worker":     onGoroutine(func(x *exchange.Exchange) exchange.Outcome { return text(x, 200, "w") }),
		"/worker/out": onGoroutine(func(*exchange.Exchange) exchange.Outcome { runtime.Goexit(); return exchange.Answered }),
	}}
	l := newLive(t, 1, Config{}, s)
	c := l.dial()
	paths := []string{"/exit", "/panic", "/worker", "/exit", "/worker/out", "/worker", "/a"}
	for range 5 {
		for _, path := range paths {
			_, err := io.WriteString(c, get(path))
			require.NoError(t, err)
		}
	}
	require.NoError(t, c.CloseWrite())
	out, err := io.ReadAll(c)
	require.NoError(t, err)
	var want []string
	for range 5 {
		want = append(want, "500", "500", "200", "500", "500", "200", "200")
	}
	require.Equal(t, want, statuses(string(out)))
	require.EqualValues(t, 1, l.server.Stats().Accepted)
}

// TestCloseWithUnreadInput: closing while bytes lie unread in the kernel would
// reset the answer away.
func TestCloseWithUnreadInput(t *testing.T) {
	l := newLab(t, 1, Config{}, &site{})
	p := l.dial()
	out := l.send(p, "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"+strings.Repeat("more ", 10_000))
	require.Equal(t, []string{"/a"}, bodies(t, out))
	require.False(t, p.IsReset())
	require.True(t, p.Ended())
}

// TestGoneBeforeServed: nobody is left to take the answer.
func TestGoneBeforeServed(t *testing.T) {
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/w": onGoroutine(func(x *exchange.Exchange) exchange.Outcome { return text(x, 200, "w") }),
	}}
	l := newLab(t, 1, Config{}, s)
	p := l.dial()
	require.True(t, p.Send(get("/w")+get("/w")))
	l.v.RunUntilIdle() // asked for a goroutine
	p.Reset()
	l.run()
	require.Equal(t, []string{"GET /w"}, s.calls(), "on the reactor; not on the goroutine any more")
	require.Zero(t, l.server.Stats().Open)
	require.Equal(t, 1, s.released)
}

// TestGoneBeforeNext: the requests that a client sent ahead are not served once
// it is gone.
func TestGoneBeforeNext(t *testing.T) {
	var late *exchange.Exchange
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{"/late": func(x *exchange.Exchange) exchange.Outcome {
		late = x
		return exchange.Later
	}}}
	l := newLab(t, 1, Config{}, s)
	p := l.dial()
	l.send(p, get("/late")+get("/next"))
	p.Reset()
	l.run()
	text(late, 200, "late")
	l.v.Do(late.Finish)
	l.run()
	require.Equal(t, []string{"GET /late"}, s.calls())
	require.Zero(t, l.server.Stats().Open)
	require.Equal(t, 2, s.released, "the next one had begun")
}
