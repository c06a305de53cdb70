package virtual

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/poll"
	"github.com/fasterapi/fasterapi/reactor"
)

// shuffled runs two independent pieces of work of three tasks each, and two
// timers, under a seed.
func shuffled(seed uint64) string {
	v := New(seed)
	defer v.Close()
	r := v.Reactor
	var trace []byte
	note := func(c byte) async.Task { return async.TaskFunc(func() { trace = append(trace, c) }) }
	for _, work := range []string{"abc", "xyz"} {
		r.After(time.Millisecond, async.TaskFunc(func() {
			for i := range work {
				r.Schedule(note(work[i]))
			}
		}))
	}
	v.Advance(time.Millisecond)
	return string(trace)
}

func TestSeedDecidesTheOrder(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(50) {
		got := shuffled(seed)
		require.Equal(t, got, shuffled(seed), "the same seed, the same order")
		seen[got] = true
		var own [2]string
		for _, c := range got {
			if c < 'x' {
				own[0] += string(c)
			} else {
				own[1] += string(c)
			}
		}
		require.Equal(t, [2]string{"abc", "xyz"}, own, "one piece of work keeps its order")
	}
	require.Greater(t, len(seen), 5)
}

func TestVirtualTime(t *testing.T) {
	v := New(7)
	defer v.Close()
	began := v.Now()
	var at []time.Duration
	var again async.TaskFunc
	again = func() {
		at = append(at, v.Reactor.Now().Sub(began))
		v.Reactor.After(90*time.Second, again)
	}
	v.Reactor.Schedule(again)
	v.Advance(5 * time.Minute)
	require.Equal(t, []time.Duration{0, 90 * time.Second, 180 * time.Second, 270 * time.Second}, at)
	require.Equal(t, 5*time.Minute, v.Now().Sub(began))
}

func TestVirtualWaitsForWorkers(t *testing.T) {
	v := New(7)
	defer v.Close()
	done := false
	v.Do(func() {
		v.Reactor.Worker(async.TaskFunc(func() {
			v.Reactor.Post(async.TaskFunc(func() { done = true }))
		}))
	})
	require.True(t, v.RunUntil(func() bool { return done }))
}

// echo is a small server: it answers what it reads and closes at the end.
type echo struct {
	v   *Loop
	fd  int
	out []byte
	eof bool
}

func (e *echo) Ready(reactor.Ready) {
	p := e.v.Reactor.Poller()
	var buf [100]byte
	for !e.eof {
		n, errno := p.Read(e.fd, buf[:])
		if poll.Again(errno) {
			break
		}
		if errno != 0 {
			e.v.Reactor.CloseFD(e.fd)
			return
		}
		e.eof = n == 0
		e.out = append(e.out, buf[:n]...)
	}
	for len(e.out) > 0 {
		n, errno := p.Write(e.fd, e.out)
		if errno != 0 {
			return
		}
		e.out = e.out[n:]
	}
	if e.eof {
		e.v.Reactor.CloseFD(e.fd)
	}
}

func TestVirtualSockets(t *testing.T) {
	for seed := range uint64(20) {
		v := New(seed)
		v.Net.Chop = seed%2 == 1
		v.Net.Buffer = 50
		fd, peer := v.Net.Pair()
		require.NoError(t, v.Reactor.Register(fd, &echo{v: v, fd: fd}))
		var sent, got string
		for i := 0; len(got) < 1000 || got != sent; i++ {
			if len(sent) < 1000 {
				part := fmt.Sprint(i, " ")
				n, e := peer.Write([]byte(part))
				require.Zero(t, e)
				sent += part[:n]
			}
			v.RunUntilIdle()
			got += string(peer.TakeN(7))
			require.Less(t, i, 10_000, "stuck")
		}
		peer.CloseWrite()
		v.RunUntilIdle()
		require.True(t, peer.Ended())
		require.Zero(t, v.Net.Open())
		v.Close()
	}
}

// TestBeside: two reactors share the sockets and the clock.
func TestBeside(t *testing.T) {
	one := New(1)
	defer one.Close()
	other := one.Beside(2)
	defer other.Close()
	fd, peer := one.Net.Pair()
	require.NoError(t, other.Reactor.Register(fd, &echo{v: other, fd: fd}))
	require.True(t, peer.Send("ping"))
	one.RunUntilIdle()
	require.Empty(t, peer.Take(), "it is the other one's")
	other.RunUntilIdle()
	require.Equal(t, "ping", string(peer.Take()))
	one.Advance(time.Hour)
	require.Equal(t, one.Now(), other.Now())
}

// TestWithoutSockets: time and tasks need none.
func TestWithoutSockets(t *testing.T) {
	v := reactor.NewVirtual(1, nil)
	defer v.Close()
	fired := false
	v.Reactor.After(time.Hour, async.TaskFunc(func() { fired = true }))
	v.Advance(time.Hour)
	require.True(t, fired)
	require.Error(t, v.Reactor.Register(1, &echo{}))
}
