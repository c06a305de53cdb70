package poll

import (
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// modes are the two ways of parking.
var modes = map[string]Options{"nested": {}, "pinned": {Pin: true}}

const patient = 20 * time.Second

func open(t testing.TB, o Options) Poller {
	t.Helper()
	p, err := New(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	return p
}

func pair(t testing.TB) (int, int) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = unix.Close(fds[0]), unix.Close(fds[1]) })
	return fds[0], fds[1]
}

// park parks on a goroutine of its own and returns a channel that is closed
// when it returns.
func park(p Poller, deadline time.Time) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.Park(deadline)
	}()
	return done
}

func wait(t testing.TB, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(patient):
		t.Fatal("waited in vain")
	}
}

func TestEventsCarryTheirGeneration(t *testing.T) {
	for name, o := range modes {
		t.Run(name, func(t *testing.T) {
			p := open(t, o)
			a, b := pair(t)
			const gen = 0xFFFF_FFF7 // all 32 bits come back
			require.NoError(t, p.Add(a, gen))
			events := make([]Event, 4)
			require.Equal(t, 1, p.Wait(events))
			require.Equal(t, Event{FD: a, Gen: gen, Ready: Out}, events[0])
			require.Zero(t, p.Wait(events), "an edge comes once")
			n, e := p.Write(b, []byte("hello"))
			require.Equal(t, 5, n)
			require.Zero(t, e)
			wait(t, park(p, time.Time{}))
			require.Equal(t, 1, p.Wait(events), "what Park fetched is not lost")
			require.Equal(t, In|Out, events[0].Ready)
			p.Shutdown(b)
			require.Equal(t, 1, p.Wait(events))
			require.Equal(t, In|Out|Hangup, events[0].Ready)
			require.NoError(t, p.Remove(a))
			require.Error(t, p.Remove(a))
			_, e = p.Write(a, []byte("x"))
			require.Zero(t, e)
			require.Zero(t, p.Wait(events))
		})
	}
}

func TestParkEndsAtTheDeadline(t *testing.T) {
	for name, o := range modes {
		t.Run(name, func(t *testing.T) {
			p := open(t, o)
			for range 3 {
				began := time.Now()
				deadline := began.Add(3 * time.Millisecond)
				for time.Now().Before(deadline) { // it may return early
					wait(t, park(p, deadline))
				}
				require.Less(t, time.Since(began), patient)
			}
			wait(t, park(p, time.Now().Add(-time.Second)))
			require.Equal(t, !o.Pin, p.(*epoll).stale, "a passed deadline is taken back")
			a, b := pair(t)
			require.NoError(t, p.Add(a, 1))
			events := make([]Event, 4)
			p.Wait(events)
			done := park(p, time.Time{})
			_, _ = p.Write(b, []byte("x"))
			wait(t, done)
			require.Equal(t, 1, p.Wait(events))
		})
	}
}

// A wake-up comes through whether it is before the park, during it, or in the
// moment between: a parker that parks until it sees the flag always sees it.
func TestWakeIsNeverLost(t *testing.T) {
	for name, o := range modes {
		t.Run(name, func(t *testing.T) {
			p := open(t, o)
			const rounds = 20_000
			var flag atomic.Int32
			answer := make(chan struct{}, 1)
			go func() {
				events := make([]Event, 1)
				for i := range rounds {
					deadline := time.Time{}
					if i%3 == 1 {
						deadline = time.Now().Add(time.Hour)
					}
					for flag.Load() == 0 {
						p.Park(deadline)
						p.Wait(events) // what it fetched keeps the next Park from waiting
					}
					flag.Store(0)
					answer <- struct{}{}
				}
			}()
			for range rounds {
				flag.Store(1)
				p.Wake()
				wait(t, answer)
			}
		})
	}
}

func TestWaitFillsSmallSlices(t *testing.T) {
	p := open(t, Options{})
	want := map[int]bool{}
	for range 5 {
		a, b := pair(t)
		require.NoError(t, p.Add(a, 1))
		require.NoError(t, p.Add(b, 1))
		want[a], want[b] = true, true
	}
	p.Park(time.Time{}) // fetches all ten
	events := make([]Event, 3)
	for n := p.Wait(events); n > 0; n = p.Wait(events) {
		for _, ev := range events[:n] {
			require.True(t, want[ev.FD])
			delete(want, ev.FD)
		}
	}
	require.Empty(t, want)
}

func TestSocketCalls(t *testing.T) {
	p := open(t, Options{})
	a, b := pair(t)
	buf := make([]byte, 100)
	_, e := p.Read(a, buf)
	require.True(t, Again(e))
	n, e := p.Read(a, nil)
	require.Zero(t, n)
	require.Zero(t, e)

	bufs := [][]byte{[]byte("ab"), nil, []byte("cde")}
	for range 2 * iovecs {
		bufs = append(bufs, []byte("-"))
	}
	n, e = p.Writev(a, bufs)
	require.Zero(t, e)
	require.Equal(t, 5+iovecs-2, n, "the first 16 that hold something")
	n, e = p.Read(b, buf)
	require.Zero(t, e)
	require.Equal(t, "abcde--------------", string(buf[:n]))
	n, e = p.Writev(a, [][]byte{nil, {}})
	require.Zero(t, n)
	require.Zero(t, e)
	_, e = p.Write(a, nil)
	require.Zero(t, e)

	big := make([]byte, 1<<20)
	sent := 0
	for !Again(e) {
		require.Zero(t, e)
		n, e = p.Write(a, big)
		sent += n
	}
	require.Positive(t, sent)
	require.Less(t, sent, 1<<20)
	p.CloseFD(b)
	_, e = p.Write(a, big)
	require.Equal(t, syscall.EPIPE, e, "and no signal")
	_, e = p.Writev(a, [][]byte{big})
	require.Equal(t, syscall.EPIPE, e)
}

func TestListenAndAccept(t *testing.T) {
	p := open(t, Options{})
	socket := "unix:" + filepath.Join(t.TempDir(), "s")
	for _, addr := range []string{"127.0.0.1:0", "[::1]:0", ":0", "localhost:0", socket} {
		fd, bound, err := Listen(addr, true, 16)
		require.NoError(t, err, addr)
		network, target := "tcp", fmt.Sprintf("127.0.0.1:%d", bound.Port())
		switch addr {
		case "[::1]:0":
			target = fmt.Sprintf("[::1]:%d", bound.Port())
		case socket:
			network, target = "unix", socket[len("unix:"):]
		}
		require.NoError(t, p.Add(fd, 1))
		client, err := net.Dial(network, target)
		require.NoError(t, err, addr)
		p.Park(time.Time{})
		events := make([]Event, 4)
		require.Equal(t, 1, p.Wait(events))
		conn, peer, e := p.Accept(fd)
		require.Zero(t, e)
		if network == "tcp" {
			require.Equal(t, client.LocalAddr().String(), peer.String())
			nodelay, err := unix.GetsockoptInt(conn, unix.IPPROTO_TCP, unix.TCP_NODELAY)
			require.NoError(t, err)
			require.NotZero(t, nodelay, "inherited from the listener")
		} else {
			require.Equal(t, netip.AddrPort{}, peer)
		}
		flags, err := unix.FcntlInt(uintptr(conn), unix.F_GETFL, 0)
		require.NoError(t, err)
		require.NotZero(t, flags&unix.O_NONBLOCK)
		_, _, e = p.Accept(fd)
		require.True(t, Again(e))
		p.CloseFD(conn)
		p.CloseFD(fd)
		require.NoError(t, client.Close())
	}
}

func TestReusePortSharesAndOthersDoNot(t *testing.T) {
	first, bound, err := Listen("127.0.0.1:0", true, 0)
	require.NoError(t, err)
	defer func() { _ = unix.Close(first) }()
	second, again, err := Listen(bound.String(), true, 0)
	require.NoError(t, err)
	require.Equal(t, bound, again)
	require.NoError(t, unix.Close(second))
	_, _, err = Listen(bound.String(), false, 0)
	for _, err := range []error{err, Vacant(bound.String())} {
		require.ErrorIs(t, err, syscall.EADDRINUSE)
		require.ErrorContains(t, err, bound.String())
	}
	for _, free := range []string{"127.0.0.1:0", ":0", "unix:/no/such/folder/s"} {
		require.NoError(t, Vacant(free), free)
	}
	require.Error(t, Vacant("nonsense"))
	for _, bad := range []string{"nonsense", "127.0.0.1:99999", "unix:/no/such/folder/s"} {
		_, _, err = Listen(bad, false, 0)
		require.Error(t, err, bad)
	}
}

func TestBlankParksAndWakes(t *testing.T) {
	b := NewBlank()
	b.Wake()
	wait(t, park(b, time.Time{}))
	wait(t, park(b, time.Now().Add(time.Millisecond)))
	done := park(b, time.Now().Add(time.Hour))
	b.Wake()
	wait(t, done)
	require.ErrorIs(t, b.Add(1, 1), ErrUnsupported)
	_, e := b.Read(1, nil)
	require.Equal(t, syscall.ENOSYS, e)
}

func TestPinThread(t *testing.T) {
	done := make(chan error, 1)
	go func() {
		// The thread ends with this goroutine, and its affinity with it.
		runtime.LockOSThread()
		done <- PinThread(1 << 20)
	}()
	require.NoError(t, <-done)
}

// BenchmarkWait: an empty poll.
func BenchmarkWait(b *testing.B) {
	p := open(b, Options{})
	events := make([]Event, 256)
	for b.Loop() {
		p.Wait(events)
	}
}

// BenchmarkParkWake: wake a parked goroutine and hear back from it, by the
// deadline of the nested descriptor or by an eventfd registered in it.
func BenchmarkParkWake(b *testing.B) {
	for _, way := range []string{"deadline", "eventfd"} {
		b.Run(way, func(b *testing.B) {
			p := open(b, Options{})
			efd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
			require.NoError(b, err)
			defer func() { _ = unix.Close(efd) }()
			require.NoError(b, p.Add(efd, 1))
			events := make([]Event, 4)
			require.Equal(b, 1, p.Wait(events), "the edge of the registration")
			answer, quit := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(answer)
				for {
					p.Park(time.Time{})
					p.Wait(events)
					select {
					case answer <- struct{}{}:
					case <-quit:
						return
					}
				}
			}()
			one := []byte{1, 0, 0, 0, 0, 0, 0, 0}
			for b.Loop() {
				if way == "eventfd" {
					_, _ = unix.Write(efd, one)
				} else {
					p.Wake()
				}
				<-answer
			}
			close(quit)
			p.Wake()
			<-answer
		})
	}
}
