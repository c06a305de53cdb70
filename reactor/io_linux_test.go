package reactor

import (
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/poll"
)

// pairFDs are the two ends of a non-blocking socket pair.
type pairFDs [2]int

func socketPair(t testing.TB) pairFDs {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	require.NoError(t, err)
	for _, fd := range fds {
		require.NoError(t, unix.SetNonblock(fd, true))
		t.Cleanup(func() { _ = unix.Close(fd) })
	}
	return fds
}

func (p pairFDs) write(t testing.TB, s string) {
	t.Helper()
	n, err := unix.Write(p[1], []byte(s))
	require.NoError(t, err)
	require.Equal(t, len(s), n)
}

// collector is an IO that tells a channel what happened.
type collector chan poll.Ready

func (c collector) Ready(r poll.Ready) { c <- r }

func TestEventsComeOncePerEdge(t *testing.T) {
	r := one(t)
	pair := socketPair(t)
	events := make(collector, 10)
	on(t, r, func() { require.NoError(t, r.Register(pair[0], events)) })
	require.Equal(t, poll.Out, wait(t, events))
	pair.write(t, "ab")
	require.Equal(t, poll.In|poll.Out, wait(t, events))
	require.NoError(t, unix.Shutdown(pair[1], unix.SHUT_WR))
	require.NotZero(t, wait(t, events)&poll.Hangup)
	on(t, r, func() {
		var buf [8]byte
		n, e := r.Poller().Read(pair[0], buf[:])
		require.Equal(t, 2, n)
		require.Zero(t, e)
		n, e = r.Poller().Read(pair[0], buf[:])
		require.Zero(t, n, "the end of the stream")
		require.Zero(t, e)
		r.Deregister(pair[0])
	})
	require.Empty(t, events)
	stats := counted(t, r)
	require.EqualValues(t, 3, stats.Events)
	require.Zero(t, stats.Registered)
}

func TestRegisterRefusesNonsense(t *testing.T) {
	r := one(t)
	pair := socketPair(t)
	on(t, r, func() {
		require.Error(t, r.Register(-1, make(collector)))
		require.Error(t, r.Register(pair[0], nil))
		require.NoError(t, r.Register(pair[0], readyFunc(func() {})))
		require.ErrorContains(t, r.Register(pair[0], readyFunc(func() {})), "already")
		r.Deregister(pair[0])
		r.Deregister(pair[0])
		r.Deregister(1 << 20)
		require.Error(t, r.Register(1<<19, readyFunc(func() {})), "not open")
		require.NoError(t, r.Register(pair[0], readyFunc(func() {})))
		r.Deregister(pair[0])
	})
}

// An event that was fetched before its descriptor was closed and its number
// was given out again must not reach the new owner.
func TestStaleEventsAreDropped(t *testing.T) {
	v := newLab(1)
	defer v.Close()
	r := v.Reactor
	fd, _ := v.Net.Pair()
	first, second := 0, 0
	require.NoError(t, r.Register(fd, readyFunc(func() { first++ })))
	old := r.table.at(fd).gen
	r.Deregister(fd)
	require.NoError(t, r.Register(fd, readyFunc(func() { second++ })))
	r.events[0] = poll.Event{FD: fd, Gen: old, Ready: poll.In}
	r.events[1] = poll.Event{FD: fd + 1, Gen: 1, Ready: poll.In}
	r.events[2] = poll.Event{FD: 4000, Gen: 1, Ready: poll.In}
	r.events[3] = poll.Event{FD: fd, Gen: r.table.at(fd).gen, Ready: poll.In}
	r.eventAt, r.eventN = 0, 4
	r.dispatch()
	require.Zero(t, first)
	require.Equal(t, 1, second)
	require.EqualValues(t, 3, r.counts.stale)
}

// A panic in one IO must not swallow the edges fetched with it.
func TestPanicInIOKeepsTheOtherEvents(t *testing.T) {
	r := one(t)
	var pairs [5]pairFDs
	seen := make(chan int, 5)
	for i := range pairs {
		pairs[i] = socketPair(t)
	}
	on(t, r, func() {
		for i, p := range pairs {
			require.NoError(t, r.Register(p[0], readyFunc(func() {
				seen <- i
				panic("io")
			})))
		}
	})
	got := map[int]bool{}
	for range pairs {
		got[wait(t, seen)] = true
	}
	require.Len(t, got, 5)
	on(t, r, func() {
		for _, p := range pairs {
			r.Deregister(p[0])
		}
	})
	require.EqualValues(t, 5, counted(t, r).Panics)
}

func TestQuotaLeavesRoomForTheRest(t *testing.T) {
	r := one(t)
	stop := make(chan struct{})
	var forever async.TaskFunc
	turns := 0
	forever = func() {
		turns++
		select {
		case <-stop:
		default:
			r.Schedule(forever)
		}
	}
	on(t, r, func() { r.Schedule(forever) })
	// Timers, posts and I/O go on.
	fired := make(chan struct{})
	on(t, r, func() { r.After(2*time.Millisecond, async.TaskFunc(func() { close(fired) })) })
	wait(t, fired)
	events := make(chan struct{}, 1)
	pair := socketPair(t)
	on(t, r, func() {
		require.NoError(t, r.Register(pair[0], readyFunc(func() {
			select {
			case events <- struct{}{}:
			default:
			}
		})))
	})
	wait(t, events) // writable
	pair.write(t, "x")
	wait(t, events)
	close(stop)
	on(t, r, func() { r.Deregister(pair[0]) })
}

func TestManyRegistrationsDoNotGrow(t *testing.T) {
	r := one(t)
	open := descriptors(t)
	cycle := func(n int) {
		on(t, r, func() {
			for range n {
				fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
				require.NoError(t, err)
				require.NoError(t, r.Register(fds[0], readyFunc(func() {})))
				r.CloseFD(fds[0])
				require.NoError(t, syscall.Close(fds[1]))
			}
		})
	}
	cycle(1000)
	before := heap()
	for range 100 {
		cycle(1000)
	}
	require.Less(t, heap(), before+64<<10)
	require.LessOrEqual(t, descriptors(t), open) // a reactor of an earlier test may have closed its own meanwhile
	require.Zero(t, counted(t, r).Registered)
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// descriptors returns the lowest free descriptor number: what leaks raises it.
func descriptors(t testing.TB) int {
	t.Helper()
	fd, err := unix.Dup(0)
	require.NoError(t, err)
	require.NoError(t, unix.Close(fd))
	return fd
}
