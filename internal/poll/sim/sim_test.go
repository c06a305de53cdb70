package sim

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi/internal/poll"
)

var _ poll.Poller = (*Net)(nil)

// events returns what one Wait reports, by descriptor.
func events(n *Net) map[int]poll.Ready {
	var buf [8]poll.Event
	got := map[int]poll.Ready{}
	for _, ev := range buf[:n.Wait(buf[:])] {
		got[ev.FD] |= ev.Ready
	}
	return got
}

func TestAcceptAndExchange(t *testing.T) {
	n := New(1)
	l := n.Listen()
	require.NoError(t, n.Add(l, 1))
	require.Empty(t, events(n))
	peer := n.Dial(l)
	require.Equal(t, map[int]poll.Ready{l: poll.In}, events(n))
	require.Empty(t, events(n), "an edge comes once")
	n.FailAccept(syscall.EMFILE, 1)
	_, _, e := n.Accept(l)
	require.Equal(t, syscall.EMFILE, e)
	fd, from, e := n.Accept(l)
	require.Zero(t, e)
	require.True(t, from.IsValid())
	_, _, e = n.Accept(l)
	require.True(t, poll.Again(e))

	require.NoError(t, n.Add(fd, 9))
	require.Error(t, n.Add(fd, 9))
	require.Equal(t, map[int]poll.Ready{fd: poll.Out}, events(n))
	require.True(t, peer.Send("hello"))
	require.Equal(t, map[int]poll.Ready{fd: poll.In | poll.Out}, events(n))
	var buf [10]byte
	k, e := n.Read(fd, buf[:])
	require.Zero(t, e)
	require.Equal(t, "hello", string(buf[:k]))
	_, e = n.Read(fd, buf[:])
	require.True(t, poll.Again(e))
	_, e = n.Writev(fd, [][]byte{[]byte("wor"), []byte("ld")})
	require.Zero(t, e)
	require.Equal(t, "world", string(peer.Take()))
	require.NoError(t, n.Remove(fd))
	require.Error(t, n.Remove(fd))
	require.True(t, peer.Send("more"))
	require.Empty(t, events(n))
}

func TestFullBufferBlocksAndRoomIsAnEdge(t *testing.T) {
	n := New(1)
	n.Buffer = 4
	fd, peer := n.Pair()
	require.NoError(t, n.Add(fd, 1))
	events(n)
	k, e := n.Write(fd, []byte("abcdef"))
	require.Zero(t, e)
	require.Equal(t, 4, k)
	_, e = n.Write(fd, []byte("ef"))
	require.True(t, poll.Again(e))
	require.Empty(t, events(n))
	require.Equal(t, "ab", string(peer.TakeN(2)))
	require.Equal(t, map[int]poll.Ready{fd: poll.Out}, events(n))
	peer.TakeN(1)
	require.Empty(t, events(n), "room that nobody waits for is no edge")
	require.False(t, peer.Send("12345"), "this side's buffer has a bound, too")
}

func TestHalfCloseResetAndClose(t *testing.T) {
	n := New(1)
	fd, peer := n.Pair()
	require.NoError(t, n.Add(fd, 1))
	events(n)
	require.True(t, peer.Send("last"))
	peer.CloseWrite()
	require.Equal(t, map[int]poll.Ready{fd: poll.In | poll.Out | poll.Hangup}, events(n))
	var buf [10]byte
	k, _ := n.Read(fd, buf[:])
	require.Equal(t, 4, k)
	k, e := n.Read(fd, buf[:])
	require.Zero(t, k)
	require.Zero(t, e, "the end of the stream")
	_, e = n.Write(fd, []byte("answer"))
	require.Zero(t, e, "a half-closed connection can be answered")
	n.Shutdown(fd)
	require.Equal(t, "answer", string(peer.Take()))
	require.True(t, peer.Ended())
	_, e = n.Write(fd, []byte("x"))
	require.Equal(t, syscall.EPIPE, e)
	n.CloseFD(fd)
	require.Zero(t, n.Open())
	_, e = n.Read(fd, buf[:])
	require.Equal(t, syscall.EBADF, e)

	fd, peer = n.Pair()
	require.NoError(t, n.Add(fd, 2))
	events(n)
	peer.Reset()
	require.NotZero(t, events(n)[fd]&poll.Closed)
	_, e = n.Read(fd, buf[:])
	require.Equal(t, syscall.ECONNRESET, e)
	_, e = n.Write(fd, buf[:])
	require.Equal(t, syscall.ECONNRESET, e)
	n.CloseFD(fd)

	fd, peer = n.Pair()
	peer.Send("unread")
	n.CloseFD(fd)
	require.True(t, peer.IsReset(), "closing on unread bytes is a reset")
	fd, peer = n.Pair()
	peer.Close()
	_, e = n.Write(fd, []byte("x"))
	require.Equal(t, syscall.EPIPE, e)
	l := n.Listen()
	waiting := n.Dial(l)
	n.CloseFD(l)
	require.True(t, waiting.IsReset())
	require.True(t, n.Dial(l).IsReset())
	require.NoError(t, n.Close())
	require.ErrorIs(t, n.Close(), poll.ErrClosed)
}

// Whatever is chopped and however slow both sides are, an owner that works
// until EAGAIN, or that waits after each short read or write, gets every byte
// in order and never waits for an edge that does not come.
func TestNothingIsLostOrStuck(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := New(rapid.Uint64().Draw(t, "seed"))
		n.Chop = rapid.Bool().Draw(t, "chop")
		n.Buffer = rapid.IntRange(1, 30).Draw(t, "buffer")
		greedy := rapid.Bool().Draw(t, "until EAGAIN")
		fd, peer := n.Pair()
		require.NoError(t, n.Add(fd, 1))
		const total = 200
		var pending []byte
		sent, got := 0, 0
		for round := 0; got < total; round++ {
			require.Less(t, round, 10*total, "stuck")
			for sent < total && peer.Send(string([]byte{byte(sent)})) {
				sent++
			}
			if len(events(n)) > 0 {
				pending = serve(t, n, fd, pending, greedy)
			}
			for _, b := range peer.TakeN(1 + round%7) {
				require.Equal(t, byte(got), b)
				got++
			}
		}
	})
}

func serve(t *rapid.T, n *Net, fd int, pending []byte, greedy bool) []byte {
	buf := make([]byte, 5)
	for {
		k, e := n.Read(fd, buf)
		pending = append(pending, buf[:k]...)
		if e != 0 || !greedy && k < len(buf) {
			break
		}
	}
	for len(pending) > 0 {
		asked := len(pending)
		k, e := n.Write(fd, pending)
		pending = pending[k:]
		if e != 0 || !greedy && k < asked {
			break
		}
	}
	return pending
}

func TestParkReturnsForEdgesWakesAndDeadlines(t *testing.T) {
	n := New(1)
	fd, peer := n.Pair()
	require.NoError(t, n.Add(fd, 1))
	n.Park(time.Time{}) // there is an edge
	events(n)
	n.Park(time.Now().Add(time.Millisecond))
	go peer.Send("x")
	for len(events(n)) == 0 {
		n.Park(time.Time{})
	}
	n.Wake()
	n.Park(time.Time{})
}

func TestAnEdgeThatIsOverIsNotReported(t *testing.T) {
	n := New(1)
	n.Buffer = 1
	fd, peer := n.Pair()
	require.NoError(t, n.Add(fd, 1))
	require.Equal(t, map[int]poll.Ready{fd: poll.Out}, events(n))
	k, e := n.Write(fd, []byte("y"))
	require.Zero(t, e)
	require.Equal(t, 1, k, "and the other side is full")
	require.True(t, peer.Send("x"))
	var buf [1]byte
	_, e = n.Read(fd, buf[:])
	require.Zero(t, e)
	require.Empty(t, events(n))
}

func TestBesideReportsItsOwn(t *testing.T) {
	n := New(1)
	other := n.Beside()
	listener := n.Listen()
	require.NoError(t, n.Add(listener, 1))
	first, second := n.Dial(listener), n.Dial(listener)
	got := make([]poll.Event, 4)
	require.Equal(t, 1, n.Wait(got), "the listener")
	a, _, errno := n.Accept(listener)
	require.Zero(t, errno)
	b, _, errno := other.Accept(listener)
	require.Zero(t, errno)
	require.NoError(t, n.Add(a, 2))
	require.NoError(t, other.Add(b, 3))
	require.Error(t, other.Add(a, 4), "it has a poller")
	require.True(t, first.Send("1"))
	require.True(t, second.Send("2"))
	require.Equal(t, 1, n.Wait(got))
	require.Equal(t, a, got[0].FD)
	require.Equal(t, 1, other.Wait(got))
	require.Equal(t, b, got[0].FD)
	require.NoError(t, other.Close())
	require.Equal(t, 3, n.Open(), "the sockets are the Net's")
}
