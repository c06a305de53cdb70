package http1

import (
	"bytes"
	"context"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// complaints counts what is logged as an error.
//
// Owner: the test's goroutine.
type complaints struct {
	slog.Handler
	t testing.TB
}

func (c complaints) Handle(_ context.Context, r slog.Record) error {
	c.t.Errorf("logged: %s", r.Message)
	return nil
}

// styles answers requests in every way, by the last byte of the target.
func styles(l **lab) *site {
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{}}
	s.routes["/"] = func(x *exchange.Exchange) exchange.Outcome { return text(x, 200, "ok") }
	s.routes["/w"] = onGoroutine(s.routes["/"])
	s.routes["/l"] = func(x *exchange.Exchange) exchange.Outcome {
		if !x.OnReactor() {
			return exchange.Move
		}
		text(x, 200, "ok")
		(*l).v.Reactor.Schedule(finishing{x})
		return exchange.Later
	}
	s.routes["/none"] = func(x *exchange.Exchange) exchange.Outcome { return text(x, 404, "") }
	return s
}

// finishing finishes an exchange later.
//
// Owner: reactor.
type finishing struct{ x *exchange.Exchange }

func (f finishing) Run() { f.x.Finish() }

// FuzzConn feeds bytes in random pieces. The engine must not complain, must not
// answer after it has said that it closes, and must let go of the connection.
func FuzzConn(f *testing.F) {
	for _, fault := range faults {
		if len(fault.in) < 2000 { // long ones only slow the fuzzer down
			f.Add(uint64(len(fault.in)), []byte(get("/w")+fault.in+get("/")))
		}
	}
	f.Add(uint64(1), []byte(post("/l", "hello")+post("/w", "hello")+get("/none")+"HEAD / HTTP/1.0\r\n\r\n"))
	f.Add(uint64(2), []byte("POST /w HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"+get("/l")))
	f.Fuzz(func(t *testing.T, seed uint64, in []byte) {
		rng := rand.New(rand.NewPCG(seed, 4))
		var l *lab
		l = newLab(t, seed, Config{Logger: slog.New(complaints{slog.DiscardHandler, t})}, styles(&l))
		l.v.Net.Chop = seed%3 == 0
		p := l.dial()
		p.SetBuffer(1 + rng.IntN(4000))
		var out []byte
		for len(in) > 0 {
			n, e := p.Write(in[:1+rng.IntN(len(in))])
			if e != 0 {
				break
			}
			in = in[n:]
			l.run()
			out = append(out, p.Take()...)
			if n == 0 && rng.IntN(50) == 0 {
				break // it does not read on
			}
		}
		p.CloseWrite()
		for range 2000 {
			l.run()
			more := p.Take()
			out = append(out, more...)
			if len(more) == 0 {
				break
			}
		}
		l.advance(time.Minute)
		l.advance(time.Hour)
		require.Zero(t, l.server.Stats().Open, "the connection is open")
		oneEnd(t, out)
	})
}

// oneEnd: nothing follows the response that closes the connection.
func oneEnd(t *testing.T, out []byte) {
	parts := strings.Split(string(out), "HTTP/1.1 ")
	for i, part := range parts {
		if strings.Contains(part, "\r\nConnection: close\r\n") {
			require.Equal(t, len(parts)-1, i, "%q", out)
		}
	}
	require.False(t, bytes.Contains(out, []byte{0xDB}), "a returned buffer was used")
}
