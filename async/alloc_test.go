//go:build !race && !invariants

package async

import (
	"context"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"
)

// What each operation allocates. A pending step is one object, a ready one none.
func TestAllocations(t *testing.T) {
	s := &fifo{queue: make([]Task, 0, 16)}
	ctx := context.Background()
	settle := func(p Promise[int]) {
		p.Resolve(1)
		s.run()
	}
	sem := NewSemaphore(1, 0)
	const promise = 1
	pins := []struct {
		name string
		want float64
		fn   func()
	}{
		{"ready Then", 0, func() { Ready(1).Then(inc) }},
		{"ready ThenFuture", 0, func() { Ready(1).ThenFuture(Ready[int]) }},
		{"ready Await", 0, func() { Ready(1).Await(ctx) }},
		{"ready Timeout", 0, func() { Ready(1).Timeout(1) }},
		{"ready OnDone", 0, func() { Ready(1).OnDone(func(int, error) {}) }},
		{"NewPromise", promise, func() { NewPromise[int](s) }},
		{"pending Then", promise + 1, func() {
			p, f := NewPromise[int](s)
			f.Then(inc)
			settle(p)
		}},
		{"pending chain", promise + 5, func() {
			p, f := NewPromise[int](s)
			f.Then(inc).ThenErr(func(v int) (int, error) { return v, nil }).ThenFuture(Ready[int]).
				Recover(func(error) (int, error) { return 0, nil }).Finally(func() {})
			settle(p)
		}},
		{"pending OnDone", promise + 1, func() {
			p, f := NewPromise[int](s)
			f.OnDone(func(int, error) {})
			settle(p)
		}},
		{"pending WhenAll", 2*promise + 5, func() {
			p, f := NewPromise[int](s)
			q, g := NewPromise[int](s)
			WhenAll(f, g)
			settle(p)
			settle(q)
		}},
		{"TryAcquire", 1, func() {
			p, _ := sem.TryAcquire(1)
			p.Release()
		}},
	}
	for _, p := range pins {
		t.Run(p.name, func(t *testing.T) {
			require.LessOrEqual(t, testing.AllocsPerRun(200, p.fn), p.want)
		})
	}
}

func TestAwaitAllocatesOnlyThePromise(t *testing.T) {
	s := &fifo{}
	var p Promise[int]
	n := 0
	co := &pull{}
	ctx := &pullContext{context.Background(), Site{Scheduler: s, Direct: true, Coroutine: co, Bound: true}}
	co.next, _ = iter.Pull(iter.Seq[struct{}](func(yield func(struct{}) bool) {
		co.yield = yield
		for err := error(nil); err == nil; {
			var f Future[int]
			var v int
			p, f = NewPromise[int](s)
			v, err = f.Await(ctx)
			n += v
		}
	}))
	co.next()
	allocs := testing.AllocsPerRun(200, func() {
		p.Resolve(1)
		s.run()
	})
	require.LessOrEqual(t, allocs, 1.0)
	require.Greater(t, n, 200)
	co.interrupt = context.Canceled
	co.Run()
}
