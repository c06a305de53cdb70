package async

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// lose runs fn on a goroutine that fn ends with runtime.Goexit.
func lose(fn func()) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		fn()
	}()
	<-ended
}

// goexit is a function for combinators that ends its goroutine.
func goexit[T any]() (f Future[T]) {
	runtime.Goexit()
	return f
}

// A combinator whose function ends its goroutine fails.
func TestACombinatorOutlivesItsFunction(t *testing.T) {
	for name, start := range map[string]func(l *lab, fn func(int) Future[int]) Future[struct{}]{
		"ForEach": func(l *lab, fn func(int) Future[int]) Future[struct{}] {
			return ForEach(l.ctx(), []int{1, 2, 3}, 1, fn)
		},
		"Map": func(l *lab, fn func(int) Future[int]) Future[struct{}] {
			return Map(l.ctx(), []int{1, 2, 3}, 1, fn).Then(func([]int) (none struct{}) { return none })
		},
		"Repeat": func(l *lab, fn func(int) Future[int]) Future[struct{}] {
			return Repeat(l.ctx(), func() Future[bool] { return fn(0).Then(func(int) bool { return true }) })
		},
		"Reduce": func(l *lab, fn func(int) Future[int]) Future[struct{}] {
			return Reduce(l.ctx(), []int{1, 2}, 0, func(_, v int) Future[int] { return fn(v) }).
				Then(func(int) (none struct{}) { return none })
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(0)
			p, first := NewPromise[int](l)
			calls := 0
			f := start(l, func(int) Future[int] {
				if calls++; calls == 1 {
					return first
				}
				return goexit[int]()
			})
			p.Resolve(1)
			lose(l.run)
			l.depth = 0 // of the task that was lost
			l.run()
			wantErr(t, f, ErrGoexit)
			require.Equal(t, 2, calls)
		})
	}
}

func TestHoldGivesBackWhatALostFunctionHeld(t *testing.T) {
	var gate Gate
	lose(func() { gate.Hold(goexit[int]) })
	require.Zero(t, gate.Inside())
	sem := NewSemaphore(1, 0)
	lose(func() { sem.Hold(context.Background(), 1, goexit[int]) })
	require.Equal(t, 1, sem.Stats().Free)
}

func TestALostHookDoesNotKeepTheFuturePending(t *testing.T) {
	l := newLab(0)
	p, f := NewPromise[int](l)
	p.OnCancel(runtime.Goexit)
	lose(f.Cancel)
	wantErr(t, f, context.Canceled)
}

func TestMapGivesBackWhatItKept(t *testing.T) {
	for name, end := range map[string]func(p Promise[Permit], f Future[[]Permit]){
		"failed":    func(p Promise[Permit], _ Future[[]Permit]) { p.Fail(errOdd) },
		"cancelled": func(_ Promise[Permit], f Future[[]Permit]) { f.Cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(0)
			sem := NewSemaphore(2, 0)
			p, last := NewPromise[Permit](l)
			f := Map(l.ctx(), []int{0, 1, 2}, 0, func(i int) Future[Permit] {
				if i == 2 {
					return last
				}
				return sem.Acquire(l.ctx(), 1)
			})
			require.Zero(t, sem.Stats().Free)
			end(p, f)
			l.run()
			_, err, ready := f.Result()
			require.True(t, ready)
			require.Error(t, err)
			require.Equal(t, 2, sem.Stats().Free)
		})
	}
}

// badDiscarder panics when it is given back.
//
// Owner: any (immutable after New).
type badDiscarder struct{}

func (badDiscarder) Discard() { panic("no") }

func TestAPanicOfDiscardStaysThere(t *testing.T) {
	l := newLab(0)
	_, f := NewPromise[badDiscarder](l)
	all := WhenAll(Ready(badDiscarder{}), f)
	all.Cancel()
	l.run()
	wantErr(t, all, context.Canceled)
}

// What is left when a scheduler has stopped goes on without it.
func TestAStoppedScheduler(t *testing.T) {
	l := newLab(0)
	p, f := NewPromise[int](l)
	const steps = 5 * chainBudget
	for range steps {
		f = f.Then(inc)
	}
	l.stopped = true
	p.Post(0, nil)
	v, err := f.Await(context.Background())
	require.NoError(t, err)
	require.Equal(t, steps, v)

	ctx := WithSite(context.Background(), Site{Scheduler: l})
	_, err = Sleep(ctx, time.Millisecond).Await(ctx)
	require.NoError(t, err)
}
