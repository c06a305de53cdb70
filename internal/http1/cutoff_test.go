package http1

import (
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// TestCutOffIsLogged: once, with the route and how far the body came.
func TestCutOffIsLogged(t *testing.T) {
	const size = 1 << 20
	body := strings.Repeat("x", size)
	work := func(x *exchange.Exchange) exchange.Outcome { return text(x, 200, body) }
	for name, h := range map[string]func(*exchange.Exchange) exchange.Outcome{"reactor": work, "goroutine": onGoroutine(work)} {
		t.Run(name, func(t *testing.T) {
			log := new(strings.Builder)
			s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{"/big": h}}
			l := newLab(t, 1, Config{Limits: exchange.Limits{WriteTimeout: 3 * time.Second}, Logger: textLogger(log)}, named{s})
			p := l.dial()
			got := len(l.send(p, get("/small")))
			require.NotZero(t, got)
			require.True(t, p.Send(get("/big")+get("/next")))
			l.run()
			taken := string(p.TakeN(100_000))
			l.run()
			taken += string(p.Take())
			l.run()
			require.Empty(t, log.String())
			_, head, _ := strings.Cut(taken, "\r\n\r\n")
			inKernel := l.v.Net.Buffer // the last that it took, which the client has not read
			l.advance(3*time.Second + time.Duration(size)*perByte)
			require.Equal(t, 1, strings.Count(log.String(), "response broken off"), log.String())
			sent := itoa(len(head) + inKernel)
			require.Contains(t, log.String(), `route="GET /big" sent=`+sent+" of="+itoa(size))
			require.Equal(t, 1, strings.Count(log.String(), "\n"))
			require.Equal(t, 1, l.v.Net.Open(), "the listener is left")
			require.EqualValues(t, 1, l.server.Stats().Expired)
			require.EqualValues(t, 1, l.core.reactor.Stats().Expired)
		})
	}
}

// TestSlowReadersAreNotLogged: one that takes its answer in time is no news, and
// what comes later is not mixed up with it.
func TestSlowReadersAreNotLogged(t *testing.T) {
	log := new(strings.Builder)
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/big":  func(x *exchange.Exchange) exchange.Outcome { return text(x, 200, strings.Repeat("x", 300_000)) },
		"/part": func(x *exchange.Exchange) exchange.Outcome { return text(x, 200, strings.Repeat("y", 10_000)) },
	}}
	l := newLab(t, 1, Config{Limits: exchange.Limits{WriteTimeout: 3 * time.Second}, Logger: textLogger(log)}, named{s})
	p := l.dial()
	require.True(t, p.Send(get("/big")))
	l.run()
	for n := 0; n < 300_000; l.run() {
		took := len(p.Take())
		require.NotZero(t, took)
		n += took
	}
	l.advance(10 * time.Second)
	require.Empty(t, log.String())
	p.SetBuffer(1000)
	require.True(t, p.Send(get("/part")))
	l.advance(10 * time.Second)
	require.Equal(t, 1, strings.Count(log.String(), "response broken off"))
	require.NotContains(t, log.String(), "/big")
	require.Regexp(t, `left=9\d\d\d\n`, log.String())
}

// TestCutOffConnectionsAreReset, so that the kernel does not keep what a client has
// not taken: an ordinary close would leave it there until the client has.
func TestCutOffConnectionsAreReset(t *testing.T) {
	big := strings.Repeat("x", 32<<20) // more than the kernel takes for a client that does not read
	staged := func(x *exchange.Exchange) exchange.Outcome { return text(x, 200, big) }
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/reactor":   staged,
		"/goroutine": onGoroutine(staged),
		"/stream": onGoroutine(func(x *exchange.Exchange) exchange.Outcome {
			x.Respond(200, "text/plain", nil)
			if w, err := x.Open(-1); err == nil {
				_, _ = io.WriteString(w, big)
			}
			return exchange.Answered
		}),
		"/flush": onGoroutine(func(x *exchange.Exchange) exchange.Outcome {
			x.Respond(200, "text/plain", nil)
			w, err := x.Open(-1)
			for err == nil {
				if _, err = io.WriteString(w, big[:1000]); err == nil {
					err = w.Flush()
				}
			}
			return exchange.Answered
		}),
	}}
	for target := range s.routes {
		t.Run(target[1:], func(t *testing.T) {
			l := newLive(t, 1, Config{Limits: exchange.Limits{WriteTimeout: 100 * time.Millisecond}}, s)
			c := l.dial()
			_, err := io.WriteString(c, get(target))
			require.NoError(t, err)
			eventually(t, "the connection is closed", func() bool { return l.server.Stats().Open == 0 && l.server.Stats().Accepted == 1 })
			_, err = io.Copy(io.Discard, c)
			require.ErrorIs(t, err, syscall.ECONNRESET)
		})
	}
}
