package http1

import (
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/poll/sim"
)

// leftBefore are requests for target whose client can say goodbye in the same
// segment: alone, behind others, with a body, and in small pieces.
func leftBefore(target string) map[string]string {
	return map[string]string{
		"alone":             get(target),
		"behind another":    get("/a") + get(target),
		"ahead of another":  get(target) + get("/a"),
		"behind goroutine":  get("/w") + get(target),
		"with a body":       post(target, "some body"),
		"with chunks":       "POST " + target + " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
		"with a large body": post(target, string(make([]byte, 40<<10))),
	}
}

// TestClientLeftBeforeItsHandlerBegan: the end of the client's stream comes with
// the request and not again, so the handler is told when it turns out to wait, in
// whatever style.
func TestClientLeftBeforeItsHandlerBegan(t *testing.T) {
	for name, request := range leftBefore("/wait") {
		for style, wait := range waiting() {
			for _, leave := range []func(*sim.Peer){(*sim.Peer).CloseWrite, (*sim.Peer).Close} {
				s, serve := wait()
				s.routes["/w"] = onGoroutine(echo)
				l := newLab(t, 1, Config{}, s)
				s.admit = func(*exchange.Exchange) exchange.Admission { return exchange.Admission{Limit: 1 << 20} }
				p := l.dial()
				require.True(t, p.Send(request))
				leave(p)
				serve(l)
				if s.waits { // else the answer before it met the end
					require.ErrorIs(t, errors.Join(s.cancels()...), exchange.ErrClientGone, "%s, %s", style, name)
				}
				require.Zero(t, l.server.Stats().Open, "%s, %s", style, name)
			}
		}
	}
}

// waiting are sites whose /wait ends when it is cancelled only; the function runs
// the lab until that has happened or cannot happen any more.
func waiting() map[string]func() (*cancelling, func(l *lab)) {
	return map[string]func() (*cancelling, func(l *lab)){
		"chain": func() (*cancelling, func(*lab)) {
			s := &cancelling{site: &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{}}}
			s.routes["/wait"] = func(x *exchange.Exchange) exchange.Outcome {
				if !x.OnReactor() {
					return exchange.Move
				}
				s.waits = true
				s.end = func() {
					text(x, 499, "left")
					x.Finish()
				}
				return exchange.Later
			}
			return s, (*lab).run
		},
		"coroutine": func() (*cancelling, func(*lab)) {
			s := &cancelling{site: &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{}}}
			s.routes["/wait"] = onCoroutine(func(x *exchange.Exchange) exchange.Outcome {
				s.waits = true
				s.end = x.Coroutine().Run
				x.Coroutine().Suspend()
				return text(x, 499, "left")
			})
			return s, (*lab).run
		},
		"goroutine": func() (*cancelling, func(*lab)) {
			s := &cancelling{site: &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{}}}
			s.routes["/wait"] = func(x *exchange.Exchange) exchange.Outcome {
				if x.OnReactor() {
					return exchange.Move
				}
				s.waits = true
				s.wait() // lets the reactor work: this goroutine is the test's
				return text(x, 499, "left")
			}
			return s, func(l *lab) {
				s.wait = l.v.RunUntilIdle
				l.run()
			}
		},
	}
}

// cancelling is a site whose waiting handler ends when it is told.
//
// Owner: the test's goroutine.
type cancelling struct {
	*site
	waits bool // the handler has begun to wait
	end   func()
	wait  func()
}

func (s *cancelling) Cancel(x *exchange.Exchange, cause error) {
	s.site.Cancel(x, cause)
	if end := s.end; end != nil {
		s.end = nil
		end()
	}
}

// TestClientLeftBeforeItsBodyWasRead: a handler that reads a streamed body, all of
// which has come, hears of the end at once, and can read on.
func TestClientLeftBeforeItsBodyWasRead(t *testing.T) {
	var l *lab
	var got int
	s := &site{}
	s.routes = map[string]func(*exchange.Exchange) exchange.Outcome{
		"/stream": onGoroutine(func(x *exchange.Exchange) exchange.Outcome {
			l.v.RunUntilIdle()
			require.NotEmpty(t, s.cancels())
			data, err := io.ReadAll(x.BodyReader)
			require.NoError(t, err)
			got = len(data)
			return text(x, 200, "read")
		}),
	}
	l = newLab(t, 1, Config{Limits: exchange.Limits{StreamAbove: 1}}, s)
	p := l.dial()
	require.True(t, p.Send(post("/stream", string(make([]byte, 40<<10)))))
	p.CloseWrite()
	l.run()
	require.Equal(t, 40<<10, got)
	require.Equal(t, []string{"read"}, bodies(t, string(p.Take())))
}
