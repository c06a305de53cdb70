package http1

import (
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

func TestAnswer(t *testing.T) {
	l := newLab(t, 1, Config{ServerName: "lab"}, &site{})
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
