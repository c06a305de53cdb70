package http1

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/reactor"
	"github.com/fasterapi/fasterapi/reactor/virtual"
)

func (l *lab) emptied() bool {
	select {
	case <-l.core.emptied:
		return true
	default:
		return false
	}
}

func TestDrain(t *testing.T) {
	var late *exchange.Exchange
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/late": func(x *exchange.Exchange) exchange.Outcome {
			late = x
			return exchange.Later
		},
		"/w": onGoroutine(func(x *exchange.Exchange) exchange.Outcome { return text(x, 200, "w") }),
	}}
	l := newLab(t, 1, Config{}, s)
	idle, fresh, working, lent := l.dial(), l.dial(), l.dial(), l.dial()
	require.Len(t, bodies(t, l.send(idle, get("/a"))), 1)
	l.send(working, get("/late")+get("/never"))
	require.True(t, lent.Send(get("/w")))
	l.v.RunUntilIdle() // the goroutine has not begun yet
	arrived := l.dial()
	require.True(t, arrived.Send(get("/arrived"))) // and not seen by the server
	waiting := l.v.Net.Dial(l.fd)                  // in the accept queue
	require.True(t, waiting.Send(get("/waiting")))
	l.v.Do(l.core.drain)
	l.run()
	require.True(t, idle.Ended())
	require.True(t, fresh.Ended())
	for p, want := range map[interface{ Take() []byte }]string{lent: "w", arrived: "/arrived", waiting: "/waiting"} {
		out := string(p.Take())
		require.Equal(t, []string{want}, bodies(t, out))
		require.Contains(t, out, "Connection: close\r\n", want)
	}
	require.False(t, l.emptied())
	text(late, 200, "late")
	l.v.Do(late.Finish)
	require.Equal(t, []string{"late"}, bodies(t, string(working.Take())), "what was not begun is not begun")
	l.advance(lingerTimeout)
	require.True(t, l.emptied())
	require.Zero(t, l.v.Net.Open())
}

// TestDrainMeetsReturningLoan: the goroutine has looked at draining before it
// was set, and comes back after the core has gone over its connections.
func TestDrainMeetsReturningLoan(t *testing.T) {
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/w": onGoroutine(func(x *exchange.Exchange) exchange.Outcome { return text(x, 200, "w") }),
	}}
	l := newLab(t, 1, Config{}, s)
	p := l.dial()
	require.True(t, p.Send(get("/w")))
	l.v.RunUntilIdle()
	c := l.lent[0].(*conn)
	l.lent = nil
	c.work()
	l.v.Do(l.core.drain)
	require.False(t, l.emptied())
	require.True(t, c.giveBack())
	l.run()
	require.True(t, l.emptied())
}

func TestDrainOfNothing(t *testing.T) {
	l := newLab(t, 1, Config{}, &site{})
	l.v.Do(l.core.drain)
	require.True(t, l.emptied())
	l.v.Do(l.core.drain) // twice is once
}

func TestCut(t *testing.T) {
	var l *lab
	var late *exchange.Exchange
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/late": func(x *exchange.Exchange) exchange.Outcome {
			late = x
			return exchange.Later
		},
		"/w": onGoroutine(func(x *exchange.Exchange) exchange.Outcome {
			l.v.Do(func() { l.core.cut(ErrServerClosed) })
			return text(x, 200, "w")
		}),
	}}
	l = newLab(t, 1, Config{}, s)
	half, working, lent := l.dial(), l.dial(), l.dial()
	l.send(half, "GET / HT")
	l.send(working, get("/late"))
	require.True(t, lent.Send(get("/w")))
	l.v.RunUntilIdle() // its goroutine has not begun yet
	l.v.Do(l.core.drain)
	l.run()
	require.Equal(t, []error{ErrServerClosed, ErrServerClosed}, s.cancels())
	require.Empty(t, working.Take())
	l.v.Do(late.Finish)
	l.advance(lingerTimeout)
	require.True(t, l.emptied())
	require.Equal(t, 2, s.released)
}

func TestMaxConns(t *testing.T) {
	l := newLab(t, 1, Config{Limits: exchange.Limits{MaxConns: 2}}, &site{})
	first, second := l.dial(), l.dial()
	third := l.dial()
	require.Empty(t, l.send(third, get("/3")), "it waits in the accept queue")
	require.Len(t, bodies(t, l.send(second, get("/2"))), 1)
	first.Close()
	l.run()
	require.Equal(t, []string{"/3"}, bodies(t, string(third.Take())))
	require.EqualValues(t, 3, l.server.Stats().Accepted)
}

// TestRoomOnAnotherCore: while one core was found full, a connection of another
// one closed, which told nobody.
func TestRoomOnAnotherCore(t *testing.T) {
	one, other := virtual.New(1), virtual.New(2)
	defer one.Close()
	defer other.Close()
	s, err := New(Config{Limits: exchange.Limits{MaxConns: 1}, Logger: silent()}, []*reactor.Reactor{one.Reactor, other.Reactor}, &site{})
	require.NoError(t, err)
	one.Reactor.ConnOpened()
	require.Same(t, s.cores[1], s.room(s.cores[0]))
	other.Reactor.ConnOpened()
	require.Nil(t, s.room(s.cores[0]))
}

func TestAcceptBackoff(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM} {
		log := new(strings.Builder)
		l := newLab(t, 1, Config{Logger: textLogger(log)}, &site{})
		l.v.Net.FailAccept(errno, 3)
		p := l.dial()
		require.True(t, p.Send(get("/a")))
		l.advance(250 * time.Millisecond)
		require.Empty(t, p.Take(), "two pauses of 100 ms, and the third fault")
		l.advance(100 * time.Millisecond)
		require.Equal(t, []string{"/a"}, bodies(t, string(p.Take())))
		require.Equal(t, 1, strings.Count(log.String(), "cannot accept"), "once a second")
	}
	l := newLab(t, 1, Config{}, &site{})
	l.v.Net.FailAccept(syscall.ECONNABORTED, 3)
	require.Equal(t, []string{"/a"}, bodies(t, l.send(l.dial(), get("/a"))), "somebody else's trouble")
}

// TestBusyConnectionYields: one that always has input lets the others work.
func TestBusyConnectionYields(t *testing.T) {
	l := newLab(t, 1, Config{}, &site{})
	l.v.Net.Buffer = 1 << 20
	busy, other := l.dial(), l.dial()
	busy.SetBuffer(16 << 20)
	requests := 1 << 19 / len(get("/busy"))
	require.True(t, busy.Send(strings.Repeat(get("/busy"), requests)))
	require.True(t, other.Send(get("/other")))
	l.run()
	require.Equal(t, requests, len(statuses(string(busy.Take()))))
	calls := l.site.calls()
	at := 0
	for i, call := range calls {
		if call == "GET /other" {
			at = i
		}
	}
	most := 2 * fillsPerTurn * 8192 / len(get("/busy"))
	require.Less(t, at, most, "half a megabyte came before it")
}
