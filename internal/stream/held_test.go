package stream

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/require"
)

// TestBodyIsNotCopied: what the peer does not take is written from where it lies, up
// to Own.
func TestBodyIsNotCopied(t *testing.T) {
	var pool Buffers
	s, peer, _ := lab(1, 10)
	s.SetOut(append(pool.Get(), "head "...))
	body := bytes.Repeat([]byte("b"), 100<<10)
	require.Equal(t, Again, s.FlushWith(&pool, body))
	require.Equal(t, len("head ")+len(body)-10, s.Pending())
	buffers, kept := s.Kept()
	require.Zero(t, buffers, "the head is out, so its buffer is free")
	require.Same(t, &body[0], &kept[0])
	body[5], body[6] = 'c', 'd'
	require.Equal(t, "head bbbbb", string(peer.TakeN(10)))
	s.Flush(&pool)
	require.Equal(t, "cdbbbbbbbb", string(peer.TakeN(10)), "as it is now")
	s.Own()
	_, kept = s.Kept()
	require.NotSame(t, &body[0], &kept[0])
	require.Len(t, kept, len(body)-15, "only what is left of it")
	copy(body, bytes.Repeat([]byte("x"), len(body)))
	s.SetOut(append(pool.Get(), " tail"...))
	rest := drainAll(t, s, &pool, peer.Take)
	require.Equal(t, append(bytes.Repeat([]byte("b"), len(body)-15), " tail"...), rest)
	require.False(t, s.Holds())
}

// drainAll takes until nothing is pending.
func drainAll(t *testing.T, s *Socket, pool *Buffers, take func() []byte) []byte {
	var got []byte
	for range 1 << 20 {
		got = append(got, take()...)
		if s.Flush(pool) == Done {
			return append(got, take()...)
		}
	}
	t.Fatal("it never ends")
	return nil
}

// TestBodyIsLetGo: nothing keeps a body when it is out, or was dropped, or copied.
func TestBodyIsLetGo(t *testing.T) {
	var pool Buffers
	for name, end := range map[string]func(s *Socket, take func() []byte){
		"sent":    func(s *Socket, take func() []byte) { drainAll(t, s, &pool, take) },
		"dropped": func(s *Socket, _ func() []byte) { s.Drop(&pool) },
		"copied":  func(s *Socket, _ func() []byte) { s.Own() },
	} {
		s, peer, _ := lab(1, 50)
		body := make([]byte, 100<<10)
		let := weak.Make(&body[0])
		require.Equal(t, Again, s.FlushWith(&pool, body))
		body = nil
		runtime.GC()
		require.NotNil(t, let.Value(), "%s: it is still to be sent", name)
		end(s, peer.Take)
		require.Eventually(t, func() bool { runtime.GC(); return let.Value() == nil }, 10*time.Second, time.Millisecond, name)
		runtime.KeepAlive(s)
	}
}

// TestWritesInOrder: heads, bodies, copied ones and what follows arrive as they
// were given, whatever the kernel takes at a time.
func TestWritesInOrder(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 7))
		var pool Buffers
		s, peer, net := lab(seed, 1+rng.IntN(40_000))
		net.Chop = seed%2 == 0
		var want, got []byte
		text := func(n int) []byte { return bytes.Repeat([]byte{byte('a' + rng.IntN(26))}, n) }
		for range 60 {
			switch rng.IntN(5) {
			case 0, 1:
				small := text(rng.IntN(300))
				want = append(want, small...)
				out := s.Out()
				if out == nil {
					out = pool.Get()
				}
				s.SetOut(append(out, small...))
			case 2:
				body := text(rng.IntN(60_000))
				want = append(want, body...)
				if status := s.FlushWith(&pool, body); status == Again && rng.IntN(2) == 0 {
					s.Own()
					clear(body)
				}
			case 3:
				s.Flush(&pool)
			default:
				got = append(got, peer.TakeN(rng.IntN(30_000))...)
			}
			if rng.IntN(8) == 0 {
				got = append(got, peer.Take()...)
				require.Equal(t, len(want), len(got)+s.Pending(), "seed %d", seed)
			}
		}
		got = append(got, drainAll(t, s, &pool, peer.Take)...)
		require.True(t, bytes.Equal(want, got), "seed %d", seed)
		require.Nil(t, s.Out())
	}
}
