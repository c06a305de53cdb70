package async

import (
	"sync/atomic"

	"github.com/fasterapi/fasterapi/internal/invariant"
)

// A pending step of a chain is one object: a state (where its result goes) that
// is embedded in the thing that makes the result. A thing is
//
//   - an origin, when its result comes from outside: a promise, a timer, the
//     combinators. Its state's up points to itself;
//   - a continuation, when it consumes another state: then, recover, waiters.
//     Its state's up is that of the state it consumes, so that cancelling the
//     end of a long chain reaches the origin in one step.
//
// Who wins when one goroutine attaches while another settles is decided by the
// order of two atomic Or operations on the phase:
//
//	consumer: cont = c;       old = Or(attached); old has settled -> take the result
//	producer: value = v;      old = Or(settled);  old has attached -> run cont
//
// Exactly one of them sees the other's bit.

// Bits of state.phase.
const (
	attached  uint32 = 1 << iota // cont is set
	settled                      // value and err are set
	claimed                      // someone is going to settle (origins only)
	hooked                       // hook is set (promises only)
	cancelled                    // claimed by a cancellation (promises only)
	heardLate                    // the hook hears of a consumer who leaves too late as well (promises only)
)

// origin is where a chain begins: what there is to cancel and to start. The
// methods return the next origin upstream instead of calling it, so that a walk
// over a long chain is a loop.
type origin interface {
	// scheduler runs the continuations; nil for a deferred future that nobody
	// has started yet.
	scheduler() Scheduler
	cancel(cause error) origin
	start(s Scheduler, direct bool) origin
}

// cancelUp tells a chain that nobody needs its result. Any goroutine.
func cancelUp(o origin, cause error) {
	for o != nil {
		o = o.cancel(cause)
	}
}

// startUp gives a deferred chain its scheduler and makes it run there. It does
// nothing to a chain that runs already.
func startUp(o origin, s Scheduler, direct bool) {
	if o.scheduler() != nil {
		return
	}
	for o != nil {
		o = o.start(s, direct)
	}
}

// continuation consumes a settled state. As a Task it runs on that state's
// scheduler.
type continuation interface {
	Task
	// resume takes the result and returns the continuation, of the same
	// scheduler, that is due next, or nil.
	resume() continuation
}

// chainBudget is how many steps of one chain run before its scheduler gets to
// do something else. At 20-60 ns a step this is under 10 us.
const chainBudget = 128

// drive runs a chain from c on.
func drive(c continuation, from origin) {
	for range chainBudget {
		c = c.resume()
		if c == nil {
			return
		}
	}
	post(from.scheduler(), c) // not Schedule: it may have stopped
}

// state is where a result goes: a one-item queue.
//
// Owner: any (atomic). value, err: the settler, until the bit settled is set.
// cont: the consumer, until the bit attached is set. up: immutable.
type state[T any] struct {
	up    origin
	cont  continuation
	err   error // a *failure when nobody has seen it yet
	value T
	phase atomic.Uint32
}

func (s *state[T]) isSettled() bool { return s.phase.Load()&settled != 0 }

// upstream is where s comes from.
func (s *state[T]) upstream() origin { return s.up }

// attach makes c the consumer. It returns false when the result is there
// already: c will not be called, take the outcome.
func (s *state[T]) attach(c continuation) bool {
	phase := s.phase.Load()
	if phase&settled != 0 {
		return false
	}
	if phase&attached == 0 {
		s.cont = c
		phase = s.phase.Or(attached)
	}
	if phase&attached != 0 {
		panic("async: second consumer of a pending future; a future has one consumer, use Shared for more")
	}
	return phase&settled == 0
}

// claim makes the caller the one who settles s. Needed where more than one may
// try: a promise and whoever cancels it.
func (s *state[T]) claim() bool { return s.phase.Or(claimed)&claimed == 0 }

// settle stores the result and returns the continuation that is due, or nil.
func (s *state[T]) settle(v T, err error) continuation {
	if err != nil {
		if s.phase.Load()&attached == 0 {
			err = unseen(s, err)
		}
		s.err = err
	} else {
		s.value = v
	}
	old := s.phase.Or(settled)
	invariant.Check(old&settled == 0, "async: a future was settled twice")
	if old&attached != 0 {
		return s.cont
	}
	return nil
}

// fail settles s without a value.
func (s *state[T]) fail(err error) continuation {
	var zero T
	return s.settle(zero, err)
}

// outcome returns the result of a settled state and marks a failure as seen.
func (s *state[T]) outcome() (T, error) {
	if s.err != nil {
		return s.value, see(s.err)
	}
	return s.value, nil
}

// ready returns a settled state as a ready future.
func (s *state[T]) ready() Future[T] {
	v, err := s.outcome()
	return Future[T]{value: v, err: err}
}

// drop throws away the result of a settled state whose consumer has left.
func (s *state[T]) drop() {
	if v, err := s.outcome(); err == nil {
		discard(s.up.scheduler(), v)
	}
}

// Discarder is a value that holds something to give back: a permit, a
// connection. When a future resolves with one after its consumer has left (its
// context ended during Await, another input of a combinator decided), Discard
// is called in its place, once, on any goroutine.
type Discarder interface{ Discard() }

// discard gives back a value of a future on a scheduler, which may be nil.
func discard[T any](on Scheduler, v T) {
	if d, ok := any(v).(Discarder); ok {
		defer logPanic(on)
		d.Discard()
	}
}
