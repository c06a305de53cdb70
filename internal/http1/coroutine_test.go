package http1

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/poll/sim"
	"github.com/fasterapi/fasterapi/reactor"
)

// onCoroutine makes a handler that runs on a coroutine of the reactor.
func onCoroutine(h func(x *exchange.Exchange) exchange.Outcome) func(x *exchange.Exchange) exchange.Outcome {
	return func(x *exchange.Exchange) exchange.Outcome {
		switch {
		case !x.OnReactor():
			return exchange.Move
		case x.Coroutine() == nil:
			return exchange.NeedCoroutine
		}
		return h(x)
	}
}

// sleeper is a site whose handler of /co is suspended once; list has its
// coroutines.
func sleeper() (s *site, list *[]*reactor.Coroutine) {
	list = new([]*reactor.Coroutine)
	return &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/co": onCoroutine(func(x *exchange.Exchange) exchange.Outcome {
			*list = append(*list, x.Coroutine())
			x.Coroutine().Suspend()
			return text(x, 200, "co")
		}),
	}}, list
}

// TestAnswersDoNotWaitForSuspendedHandlers: neither the first one of a read nor
// those behind it hold back what was answered before.
func TestAnswersDoNotWaitForSuspendedHandlers(t *testing.T) {
	s, sleeping := sleeper()
	l := newLab(t, 1, Config{}, s)
	p := l.dial()
	require.Equal(t, []string{"/fast"}, bodies(t, l.send(p, get("/fast")+get("/co")+get("/co"))))
	for i := range 2 {
		l.v.Do((*sleeping)[i].Run)
		l.run()
		require.Equal(t, []string{"co"}, bodies(t, string(p.Take())))
	}
	require.Same(t, (*sleeping)[0], (*sleeping)[1], "one coroutine serves a read")
}

// TestLateBodyOfLentConnection: the head of the second request is read on the
// goroutine that serves the first, its body by the reactor; its handler is still
// one for goroutines.
func TestLateBodyOfLentConnection(t *testing.T) {
	s := &site{}
	l := newLab(t, 1, Config{}, s)
	s.routes = map[string]func(*exchange.Exchange) exchange.Outcome{"/w": func(x *exchange.Exchange) exchange.Outcome {
		require.Equal(t, l.core.conns.next.owner.Load() == ownedByReactor, x.OnReactor())
		return onGoroutine(echo)(x)
	}}
	p := l.dial()
	require.Len(t, bodies(t, l.send(p, get("/w")+"POST /w HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345")), 1)
	require.Len(t, bodies(t, l.send(p, "67890")), 1)
}

// crowd cancels by resuming every handler.
//
// Owner: the test's goroutine.
type crowd struct {
	*site
	sleeping *[]*reactor.Coroutine
}

func (c *crowd) Cancel(*exchange.Exchange, error) {
	for _, co := range *c.sleeping {
		co.Run()
	}
}

// TestCutClosesOthers: the end of one connection may end others.
func TestCutClosesOthers(t *testing.T) {
	s, sleeping := sleeper()
	l := newLab(t, 1, Config{}, s)
	for range 4 {
		l.send(l.dial(), get("/co"))
	}
	l.server.handler = &crowd{s, sleeping}
	l.v.Do(l.core.drain)
	l.v.Do(func() { l.core.cut(ErrServerClosed) })
	l.run()
	require.True(t, l.emptied())
	require.Equal(t, 4, s.released)
	require.Zero(t, l.v.Reactor.Stats().Panics)
	require.Zero(t, l.v.Net.Open())
}

// TestConnectionsShareACoroutine: those that are readable in one turn, until a
// handler suspends.
func TestConnectionsShareACoroutine(t *testing.T) {
	s, sleeping := sleeper()
	used := map[*reactor.Coroutine]int{}
	s.routes["/quick"] = onCoroutine(func(x *exchange.Exchange) exchange.Outcome {
		used[x.Coroutine()]++
		return text(x, 200, "quick")
	})
	l := newLab(t, 1, Config{}, s)
	quick := []*sim.Peer{l.dial(), l.dial(), l.dial()}
	for _, p := range quick {
		p.Send(get("/quick"))
	}
	slow := l.dial()
	slow.Send(get("/co"))
	l.run()
	for _, p := range quick {
		require.Equal(t, []string{"quick"}, bodies(t, string(p.Take())))
	}
	require.LessOrEqual(t, len(used), 2, "one before and one after the suspension")
	require.Empty(t, slow.Take())
	l.v.Do((*sleeping)[0].Run)
	require.Equal(t, []string{"co"}, bodies(t, string(slow.Take())))
}

// TestEnterTwiceIsABreach: it costs the connection, and does not leave it hanging.
func TestEnterTwiceIsABreach(t *testing.T) {
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/enter": func(*exchange.Exchange) exchange.Outcome { return exchange.NeedCoroutine },
	}}
	l := newLab(t, 1, Config{}, s)
	p := l.dial()
	p.Send(get("/enter"))
	l.run()
	require.True(t, p.Ended())
}

// TestFinishInsideServeOfClosedConnection: the handler is still on the stack
// when it finishes the exchange, so that stays its own until Serve returns.
func TestFinishInsideServeOfClosedConnection(t *testing.T) {
	s := &site{}
	var sleeping *reactor.Coroutine
	early := -1
	s.routes = map[string]func(*exchange.Exchange) exchange.Outcome{
		"/co": onCoroutine(func(x *exchange.Exchange) exchange.Outcome {
			sleeping = x.Coroutine()
			sleeping.Suspend()
			text(x, 200, "co")
			x.Finish()
			early = s.released
			return exchange.Later
		}),
	}
	l := newLab(t, 1, Config{}, s)
	p := l.dial()
	l.send(p, get("/co"))
	p.Reset()
	l.run()
	l.v.Do(l.core.conns.next.abort)
	l.v.Do(sleeping.Run)
	require.Equal(t, 0, early)
	require.Equal(t, 1, s.released)
	require.Zero(t, l.server.Stats().Open)
}
