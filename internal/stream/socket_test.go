package stream

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/poll/sim"
)

// lab is a socket of a simulated poller and the other side of its connection.
func lab(seed uint64, room int) (*Socket, *sim.Peer, *sim.Net) {
	net := sim.New(seed)
	fd, peer := net.Pair()
	peer.SetBuffer(room)
	s := new(Socket)
	s.Open(net, fd)
	return s, peer, net
}

// TestWrites: whatever the kernel takes at a time, all bytes arrive in order.
func TestWrites(t *testing.T) {
	var pool Buffers
	for seed := range uint64(50) {
		s, peer, net := lab(seed, 1+int(seed)*40)
		net.Chop = seed%2 == 0
		var want, got bytes.Buffer
		for i := range 40 {
			small := strings.Repeat(string(rune('a'+i%26)), i*37%500)
			want.WriteString(small)
			s.SetOut(append(s.Out(), small...))
			if i%5 == 0 {
				large := strings.Repeat("L", 3000)
				want.WriteString(large)
				require.NotEqual(t, Broken, s.FlushWith(&pool, []byte(large)))
			}
			s.Flush(&pool)
			got.Write(peer.TakeN(700))
		}
		for s.Pending() > 0 {
			got.Write(peer.Take())
			s.Flush(&pool)
		}
		got.Write(peer.Take())
		require.True(t, got.String() == want.String(), "seed %d", seed)
		require.Nil(t, s.Out(), "nothing is held")
	}
}

// TestOutputDoesNotGrow: a peer that always lags behind, but reads, costs what
// it has not read, not what it ever got.
func TestOutputDoesNotGrow(t *testing.T) {
	var pool Buffers
	s, peer, _ := lab(1, 1000)
	s.SetOut(append(s.Out(), make([]byte, 3000)...))
	for range 10_000 {
		require.Equal(t, Again, s.Flush(&pool))
		require.Len(t, peer.TakeN(1000), 1000)
		s.SetOut(append(s.Out(), make([]byte, 1000)...))
		require.Less(t, cap(s.Out()), 32<<10)
	}
}

func TestReads(t *testing.T) {
	s, peer, _ := lab(1, 100)
	b, status := s.Fill(make([]byte, 0, 4))
	require.Equal(t, Again, status)
	require.Empty(t, b)
	require.True(t, peer.Send("hello"))
	b, status = s.Fill(b)
	require.Equal(t, Done, status)
	require.Equal(t, "hell", string(b))
	b, status = s.Fill(append(make([]byte, 0, 8), b...))
	require.Equal(t, Done, status)
	require.Equal(t, "hello", string(b))
	peer.CloseWrite()
	_, status = s.Fill(b)
	require.Equal(t, Ended, status)
	peer.Reset()
	_, status = s.Fill(b)
	require.Equal(t, Broken, status)
	s.SetOut([]byte("x"))
	var pool Buffers
	require.Equal(t, Broken, s.Flush(&pool))
	require.Equal(t, Broken, s.FlushWith(&pool, []byte("y")))
}

func TestBuffers(t *testing.T) {
	var pool Buffers
	b := pool.Get()
	require.Equal(t, BufferSize, cap(b))
	require.Empty(t, b)
	pool.Put(append(b, "used"...))
	require.Empty(t, pool.Get())
	pool.Put(make([]byte, 10))
	require.Equal(t, BufferSize, cap(pool.Get()), "only buffers of one size are kept")
}
