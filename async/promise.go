package async

// root is the origin of a chain whose result comes from outside: the inside of
// a promise and of the combinators.
//
// Owner: any (atomic). sched, of: immutable. hook: the producer, until the bit
// hooked is set.
type root struct {
	of    *node // the state that it is the origin of
	sched Scheduler
	hook  func()
}

func (r *root) scheduler() Scheduler         { return r.sched }
func (r *root) start(Scheduler, bool) origin { return nil }

// cancel fails the state with cause, if nothing has settled it. The producer is
// told first: a consumer that sees the error can rely on it.
func (r *root) cancel(cause error) origin {
	for {
		old := r.of.phase.Load()
		if old&claimed != 0 {
			if old&(heardLate|cancelled) == heardLate {
				callHook(r.sched, r.hook)
			}
			return nil
		}
		if !r.of.phase.CompareAndSwap(old, old|claimed|cancelled) {
			continue
		}
		defer r.failed(cause) // also when the hook ends its goroutine
		if old&hooked != 0 {
			callHook(r.sched, r.hook)
		}
		return nil
	}
}

func (r *root) failed(cause error) {
	if c := r.of.settle(cause); c != nil {
		post(r.sched, c)
	}
}

// onCancel sets the hook, or calls it when the cancellation came first.
func (r *root) onCancel(fn func()) {
	if r.of.phase.Load()&hooked != 0 {
		panic("async: second OnCancel on one promise")
	}
	r.hook = fn
	if r.of.phase.Or(hooked)&cancelled != 0 {
		callHook(r.sched, fn)
	}
}

func callHook(on Scheduler, fn func()) {
	defer logPanic(on)
	fn()
}

// initRoot makes r the root of the state n, whose continuations run on s. A
// cancellation goes to up: r, or what r is embedded in.
func (r *root) initRoot(n *node, up origin, s Scheduler) {
	n.up = up
	r.of, r.sched = n, s
}

// finish settles out, of which r is the root, unless that has been done. The
// continuation that is due goes to the scheduler: directly when the caller is its
// owner, else through its mailbox.
func finish[T any](r *root, out *state[T], v T, err error, owner bool) bool {
	if !out.node.claim() {
		return false
	}
	if c := out.settle(v, err); c != nil {
		hand(r.sched, owner, c)
	}
	return true
}

// promise is the inside of a Promise.
//
// Owner: as its root and state.
type promise[T any] struct {
	root root
	out  state[T]
}

// Promise is the writing end of a [Future]. It is a handle of one word: copy it,
// embed it; the zero Promise belongs to no future and is only good to be
// assigned to. A promise is settled once, by the first of Resolve, Fail, Settle,
// Post and the cancellation of its future; all later ones change nothing and
// return false, and whatever value they brought remains the caller's.
//
// Owner: the scheduler; Post and OnCancel: any.
type Promise[T any] struct {
	inside *promise[T]
}

// NewPromise returns both ends of a pending future. Continuations run on s; nil
// means [Background]. One allocation.
func NewPromise[T any](s Scheduler) (Promise[T], Future[T]) {
	if s == nil {
		s = background{}
	}
	p := &promise[T]{}
	p.root.initRoot(&p.out.node, &p.root, s)
	return Promise[T]{p}, p.out.future()
}

// Resolve gives the future its value. What waits for it is scheduled, not
// called. Owner only; see Post for other goroutines.
func (p Promise[T]) Resolve(v T) bool { return finish(&p.inside.root, &p.inside.out, v, nil, true) }

// Fail gives the future its error, which must not be nil. Owner only.
func (p Promise[T]) Fail(err error) bool {
	var zero T
	return finish(&p.inside.root, &p.inside.out, zero, mustFail(err), true)
}

// Settle is Fail when err is not nil, else Resolve. Owner only.
func (p Promise[T]) Settle(v T, err error) bool {
	return finish(&p.inside.root, &p.inside.out, v, err, true)
}

// Post is Settle for any goroutine: what waits is sent through the scheduler's
// mailbox. It reports whether the result was taken, as Settle does.
func (p Promise[T]) Post(v T, err error) bool {
	return finish(&p.inside.root, &p.inside.out, v, err, false)
}

// OnCancel sets what to call when the consumer no longer needs the result and
// before there is one. The promise takes no result any more then; fn is there to
// stop the work behind it. fn runs on whatever goroutine cancelled, before the
// future fails, so it must not block; and at once when the cancellation came
// first. A promise takes one hook.
func (p Promise[T]) OnCancel(fn func()) { p.inside.root.onCancel(fn) }

// OnLeave is OnCancel for a producer that has to know whether anybody took the
// result: fn is also called when the consumer leaves while the result is on its
// way, which is too late for a cancellation. Cancelled tells the two apart. The
// consumer sees an error after fn has returned. fn may be called more than once.
func (p Promise[T]) OnLeave(fn func()) {
	p.inside.root.onCancel(fn)
	p.inside.out.node.phase.Or(heardLate)
}

// Cancelled tells whether the consumer left before there was a result: the
// promise takes none any more. Any goroutine.
func (p Promise[T]) Cancelled() bool { return p.inside.out.node.phase.Load()&cancelled != 0 }

// Settled tells whether the future has its result (or is just about to). Any
// goroutine.
func (p Promise[T]) Settled() bool { return p.inside.out.node.phase.Load()&claimed != 0 }
