package reactor

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/fasterapi/fasterapi/async"
)

// SubmitTo runs fn on the reactor of a core and returns its result as a future
// of the caller's. Called on that very reactor, it runs fn at once. A panic in
// fn is an [async.PanicError], a stopped reactor [ErrStopped]. Cancelling the
// future does not stop fn, but keeps it from starting. Cost: two mailboxes and
// two allocations. Any goroutine.
func (g *Group) SubmitTo[T any](ctx context.Context, core int, fn func() (T, error)) async.Future[T] {
	if core < 0 || core >= len(g.reactors) {
		return async.Failed[T](fmt.Errorf("reactor: there is no core %d of %d", core, len(g.reactors)))
	}
	return submit(ctx, g.reactors[core], fn)
}

func submit[T any](ctx context.Context, to *Reactor, fn func() (T, error)) async.Future[T] {
	site := async.SiteOf(ctx)
	if site.Direct && site.Scheduler == async.Scheduler(to) {
		return async.Of(caught(fn))
	}
	promise, future := async.NewPromise[T](site.Scheduler)
	if !to.Post(&submission[T]{fn: fn, promise: promise}) {
		return async.Failed[T](ErrStopped)
	}
	return future
}

// submission carries a call to another core and its result back.
//
// Owner: the reactor that it was posted to.
type submission[T any] struct {
	fn      func() (T, error)
	promise async.Promise[T]
}

// Run is called on the other core.
func (s *submission[T]) Run() {
	if s.promise.Settled() {
		return // cancelled before it began
	}
	v, err := *new(T), async.ErrGoexit
	defer func() { s.promise.Post(v, err) }() // also when fn calls runtime.Goexit
	v, err = caught(s.fn)
}

// caught calls fn and turns a panic into an error.
func caught[T any](fn func() (T, error)) (v T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &async.PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	return fn()
}
