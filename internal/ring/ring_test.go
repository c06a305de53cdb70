package ring

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A Ring behaves like a slice that is appended to and cut from the front.
func TestRingIsAQueue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var ring Ring[int]
		var box Mailbox[int]
		var model []int
		next := 0
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				for range rapid.IntRange(1, 100).Draw(t, "n") {
					ring.Push(next)
					model = append(model, next)
					next++
				}
			},
			"pop": func(t *rapid.T) {
				for range rapid.IntRange(1, 100).Draw(t, "n") {
					v, ok := ring.Pop()
					require.Equal(t, len(model) > 0, ok)
					if ok {
						require.Equal(t, model[0], v)
						model = model[1:]
					}
				}
			},
			"drain": func(t *rapid.T) {
				n := rapid.IntRange(0, 200).Draw(t, "n")
				for range n {
					require.True(t, box.Push(next))
					model = append(model, next)
					next++
				}
				require.Equal(t, n, box.Len())
				require.Equal(t, n, box.Drain(&ring))
				require.Zero(t, box.Len())
			},
			"": func(t *rapid.T) { require.Equal(t, len(model), ring.Len()) },
		})
	})
}

func TestRingLetsGo(t *testing.T) {
	var ring Ring[*int]
	ring.Push(new(int))
	_, ok := ring.Pop()
	require.True(t, ok)
	for _, p := range ring.buf {
		require.Nil(t, p)
	}
}

func TestMailboxKeepsEachSendersOrder(t *testing.T) {
	const senders, each = 8, 2000
	var box Mailbox[[2]int]
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for i := range each {
				if !box.Push([2]int{s, i}) {
					t.Error("open mailbox refused")
				}
			}
		})
	}
	var got Ring[[2]int]
	var seen [senders]int
	for total := 0; total < senders*each; {
		total += box.Drain(&got)
		for v, ok := got.Pop(); ok; v, ok = got.Pop() {
			require.Equal(t, seen[v[0]], v[1])
			seen[v[0]]++
		}
	}
	wg.Wait()
	require.Zero(t, box.Len())
}

func TestMailboxCloseRefusesButKeeps(t *testing.T) {
	var box Mailbox[int]
	require.True(t, box.Push(1))
	box.Close()
	require.False(t, box.Push(2))
	var got Ring[int]
	require.Equal(t, 1, box.Drain(&got))
	v, _ := got.Pop()
	require.Equal(t, 1, v)
}

func TestMailboxDropsHugeBuffers(t *testing.T) {
	var box Mailbox[int]
	for i := range keep * 2 {
		box.Push(i)
	}
	var got Ring[int]
	box.Drain(&got)
	require.Nil(t, box.spare)
}

func BenchmarkRing(b *testing.B) {
	b.ReportAllocs()
	var ring Ring[any]
	for b.Loop() {
		ring.Push(nil)
		ring.Pop()
	}
}

func BenchmarkMailbox(b *testing.B) {
	b.ReportAllocs()
	var box Mailbox[any]
	var ring Ring[any]
	for b.Loop() {
		box.Push(nil)
		if box.Len() == 64 {
			box.Drain(&ring)
			for ring.Len() > 0 {
				ring.Pop()
			}
		}
	}
}
