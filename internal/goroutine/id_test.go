package goroutine_test

import (
	"iter"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/goroutine"
)

// deep calls f below n frames of a kilobyte, so that the stack has to move.
func deep(n int, f func() uintptr) uintptr {
	var frame [1024]byte
	frame[n%len(frame)] = 1
	if n == 0 {
		return f()
	}
	return deep(n-1, f) + uintptr(frame[(n+1)%len(frame)])
}

func TestSameGoroutine(t *testing.T) {
	id := goroutine.ID()
	require.NotZero(t, id)
	require.Equal(t, id, goroutine.ID())
	require.Equal(t, id, deep(2000, goroutine.ID), "after the stack has grown")
}

// Goroutines that live at the same time have different identities, which agree
// with the numbers that stacks show.
func TestOthers(t *testing.T) {
	const n = 200
	var mu sync.Mutex
	ids, numbers := map[uintptr]bool{}, map[uint64]bool{}
	var all, told sync.WaitGroup
	told.Add(n)
	for range n {
		all.Go(func() {
			id, number := goroutine.ID(), goroutine.Number()
			mu.Lock()
			ids[id], numbers[number] = true, true
			mu.Unlock()
			told.Done()
			told.Wait() // all of them live until here
			if goroutine.ID() != id {
				t.Error("the identity has changed")
			}
		})
	}
	all.Wait()
	require.Len(t, ids, n)
	require.Len(t, numbers, n)
}

// A coroutine of iter.Pull is a goroutine of its own.
func TestCoroutine(t *testing.T) {
	next, stop := iter.Pull(func(yield func(uintptr) bool) {
		for yield(goroutine.ID()) {
		}
	})
	defer stop()
	first, _ := next()
	second, _ := next()
	require.Equal(t, first, second)
	require.NotEqual(t, goroutine.ID(), first)
}

func BenchmarkID(b *testing.B) {
	for b.Loop() {
		goroutine.ID()
	}
}
