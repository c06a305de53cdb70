package async

import "context"

// Future stands for a T that comes later, or an error. It is a value of a few
// words: pass it by value. The zero Future is ready with the zero T.
//
// Owner: any (atomic).
type Future[T any] struct {
	state *state[T] // nil: value and err are the result
	value T
	err   error
}

// Ready returns a future that has its value. No allocation.
func Ready[T any](v T) Future[T] { return Future[T]{value: v} }

// Failed returns a future that has failed with err, which must not be nil. No
// allocation, and hence no trace when it is dropped: see [Unobserved].
func Failed[T any](err error) Future[T] { return Future[T]{err: mustFail(err)} }

// Of returns the future of a call that has returned: failed when err is not nil,
// whatever v is, else ready.
func Of[T any](v T, err error) Future[T] {
	if err != nil {
		return Future[T]{err: err}
	}
	return Future[T]{value: v}
}

// Ready tells whether the result is there: Await would return at once and Then
// call straight through.
func (f Future[T]) Ready() bool { return f.state == nil || f.state.node.isSettled() }

// Result returns the result if it is there. The last value is false while the
// future is pending.
func (f Future[T]) Result() (T, error, bool) {
	if f.state == nil {
		return f.value, f.err, true
	}
	if !f.state.node.isSettled() {
		var zero T
		return zero, nil, false
	}
	v, err := f.state.outcome()
	return v, err, true
}

// Cancel says that nobody needs the result. The promises behind f that are still
// pending fail with context.Canceled and their producers are told; the error
// comes down the chain to f as any other. A future that is ready stays what it
// is. Any goroutine, any number of times.
func (f Future[T]) Cancel() { f.abort(context.Canceled) }

// abort is Cancel with a cause.
func (f Future[T]) abort(cause error) {
	if f.state != nil && !f.state.node.isSettled() {
		cancelUp(f.state.node.up, cause)
	}
}

// OnDone ends a chain: fn is called with the result, once. At most one
// allocation. There is nowhere for a panic of fn to go, so it is logged; see [Logged].
func (f Future[T]) OnDone(fn func(T, error)) {
	s := f.state
	if s == nil {
		callDone(nil, fn, f.value, f.err)
		return
	}
	startUp(s.node.up, background{}, true)
	if s.node.isSettled() || !s.node.attach(&done[T]{src: s, fn: fn}) {
		v, err := s.outcome()
		callDone(s.node.up.scheduler(), fn, v, err)
	}
}

// done is the continuation of OnDone.
//
// Owner: the scheduler of src.
type done[T any] struct {
	src *state[T]
	fn  func(T, error)
}

func (d *done[T]) Run() { d.resume() }

func (d *done[T]) resume() continuation {
	v, err := d.src.outcome()
	on := d.src.node.up.scheduler()
	d.src = nil
	callDone(on, d.fn, v, err)
	return nil
}

func callDone[T any](on Scheduler, fn func(T, error), v T, err error) {
	defer logPanic(on)
	fn(v, err)
}
