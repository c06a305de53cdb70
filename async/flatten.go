package async

import (
	"math/rand/v2"
	"runtime"
	"sync"
)

// ThenFuture is Then for functions that return a future: the result is the
// future of that future's value.
//
// A ready future calls fn in the caller, so a loop that is written as a
// recursion (func loop(i) { return Ready(i+1).ThenFuture(loop) }) would grow the
// stack. When the stack is found to be deep the future returned is a deferred
// one: it calls fn once it is awaited, on the scheduler of whoever awaits it.
// Such loops run in constant stack, and in constant memory. A deferred future
// that is cancelled before it starts, never does.
func (f Future[T]) ThenFuture[U any](fn func(T) Future[U]) Future[U] {
	if f.state == nil {
		if f.err != nil {
			return Future[U]{err: f.err}
		}
		if sampled() && deep() {
			return deferred(fn, f.value)
		}
		next, err := call(fn, f.value)
		if err != nil {
			return Future[U]{err: err}
		}
		return next
	}
	if s := f.state; !s.node.isSettled() {
		t := &flatten[T, U]{src: s, fn: fn}
		t.out.node.up = &t.forward
		t.forward.out, t.forward.home, t.forward.target = &t.out, s.node.up.scheduler(), s.node.up
		if s.node.attach(t) {
			return t.out.future()
		}
	}
	return f.state.ready().ThenFuture(fn)
}

// maxDepth is how many frames a ready ThenFuture may have below it. Some 2000
// frames of 100-200 bytes are a stack that Go copies four or five times in its
// growth; recursions of ordinary programs stay below.
const maxDepth = 1500

// sampled is true once in 256 calls: counting frames costs about 20 ns each, and
// a stack that is a few hundred frames deeper does no harm.
func sampled() bool { return rand.Uint32()&255 == 0 }

// deep tells whether the stack holds more than maxDepth frames.
func deep() bool {
	var pc [1]uintptr
	return runtime.Callers(maxDepth, pc[:]) == 1
}

// forward makes a state, out, take over the result of another future, its target.
//
// Owner: any (atomic). cause, target: mu. inner: the scheduler home. out:
// immutable. home: immutable, but for deferred ones, where the consumer sets it once.
type forward struct {
	out   cell
	home  Scheduler
	inner cell // the future whose result this one takes over

	mu     sync.Mutex
	target origin // what to cancel: the source, then inner's
	cause  error  // set by the first cancellation
	lazy   Task   // not started yet: what to run (deferred only)
}

func (f *forward) scheduler() Scheduler { return f.home }

func (f *forward) cancel(cause error) origin {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cause == nil {
		f.cause = cause
	}
	return f.target
}

func (f *forward) abortedBy() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cause
}

func (f *forward) start(s Scheduler, direct bool) origin {
	f.home = s
	if f.lazy == nil {
		return f.target
	}
	hand(s, direct, f.lazy)
	return nil
}

// adopt makes out, which f fills, take over the result of next. It returns the
// continuation that is due, as resume does. It runs on f.home.
func adopt[U any](f *forward, out *state[U], next Future[U]) continuation {
	if next.state == nil {
		return out.settle(next.value, next.err)
	}
	return f.follow(next.state)
}

// follow is adopt for a future that is or was pending.
func (f *forward) follow(inner cell) continuation {
	up := inner.base().up
	f.mu.Lock()
	f.inner, f.target = inner, up
	cause := f.cause
	f.mu.Unlock()
	startUp(up, f.home, false)
	if cause != nil {
		cancelUp(up, cause)
	}
	// A loop of pending futures nests: f waits for inner, which will wait for its
	// own inner. When somebody on the same scheduler forwards f's result already,
	// that one is made to wait for inner directly and f is forgotten, so the nest
	// stays one deep.
	if outer, ok := f.forwardedBy(); ok && outer.home == f.home {
		return outer.takeOver(inner)
	}
	return f.takeOver(inner)
}

// forwardedBy returns the forward that waits for f and nothing else.
func (f *forward) forwardedBy() (*forward, bool) {
	n := f.out.base()
	if n.phase.Load()&attached == 0 {
		return nil, false
	}
	outer, ok := n.cont.(*forward)
	return outer, ok
}

func (f *forward) takeOver(inner cell) continuation {
	n := inner.base()
	f.mu.Lock()
	f.inner, f.target = inner, n.up
	cause := f.cause
	f.mu.Unlock()
	if cause != nil {
		cancelUp(n.up, cause)
	}
	if n.attach(f) {
		return nil
	}
	return f.out.take(inner)
}

// Run is called on the scheduler of inner.
func (f *forward) Run() { drive(f, f.inner.base().up) }

func (f *forward) resume() continuation {
	inner := f.inner
	f.inner = nil
	c := f.out.take(inner)
	if c != nil && inner.base().up.scheduler() != f.home {
		post(f.home, c)
		return nil
	}
	return c
}

// flatten is a pending ThenFuture: first the continuation of src, then, as a
// forward, that of the future that fn returned.
//
// Owner: the scheduler of src.
type flatten[T, U any] struct {
	out     state[U]
	forward forward
	src     *state[T]
	fn      func(T) Future[U]
}

func (t *flatten[T, U]) Run() { drive(t, &t.forward) }

func (t *flatten[T, U]) resume() (due continuation) {
	v, err := t.src.outcome()
	t.src = nil
	if err != nil {
		return t.out.node.settle(err)
	}
	returned := false
	defer func() {
		if !returned {
			due = t.out.node.broken(recover())
		}
	}()
	next := t.fn(v)
	returned = true
	return adopt(&t.forward, &t.out, next)
}

// later is a ready ThenFuture that was put off because the stack was deep.
//
// Owner: the scheduler home.
type later[T, U any] struct {
	out     state[U]
	forward forward
	value   T
	fn      func(T) Future[U]
}

func deferred[T, U any](fn func(T) Future[U], v T) Future[U] {
	l := &later[T, U]{value: v, fn: fn}
	l.out.node.up = &l.forward
	l.forward.out, l.forward.lazy = &l.out, l
	return l.out.future()
}

func (l *later[T, U]) Run() { drive(l, &l.forward) }

func (l *later[T, U]) resume() (due continuation) {
	v := l.value
	var zero T
	l.value = zero
	if cause := l.forward.abortedBy(); cause != nil {
		discard(l.forward.home, v)
		return l.out.node.settle(cause)
	}
	returned := false
	defer func() {
		if !returned {
			due = l.out.node.broken(recover())
		}
	}()
	next := l.fn(v)
	returned = true
	return adopt(&l.forward, &l.out, next)
}
