package async

import (
	"sync/atomic"

	"github.com/fasterapi/fasterapi/internal/invariant"
)

// A pending step of a chain is one object: a state (where its result goes) next
// to what makes the result. That is
//
//   - an origin, when the result comes from outside: a promise, a timer, the
//     combinators. It is the up of its state;
//   - a continuation, when it consumes another state: then, recovery, waiters. The
//     up of its state is that of the state it consumes, so that cancelling the
//     end of a long chain reaches the origin in one step.
//
// Who wins when one goroutine attaches while another settles is decided by the
// order of two atomic Or operations on the phase:
//
//	consumer: cont = c;       old = Or(attached); old has settled -> take the result
//	producer: value = v;      old = Or(settled);  old has attached -> run cont
//
// Exactly one of them sees the other's bit.
//
// What need not know the type of the value has no type parameter: node, root,
// forward, finally, timeout, via. The compiler makes every method of a generic type,
// promoted ones included, again for each type of value, called or not, and a
// program has futures of hundreds of types.

// Bits of node.phase.
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

// node is a state without its value: where it comes from, who waits for it, how
// far it is.
//
// Owner: any (atomic). err, and the value beside: the settler, until the bit
// settled is set. cont: the consumer, until the bit attached is set. up: immutable.
type node struct {
	up    origin
	cont  continuation
	err   error // a *failure when nobody has seen it yet
	phase atomic.Uint32
}

func (n *node) isSettled() bool { return n.phase.Load()&settled != 0 }

// attach makes c the consumer. It returns false when the result is there
// already: c will not be called, take the outcome.
func (n *node) attach(c continuation) bool {
	phase := n.phase.Load()
	if phase&settled != 0 {
		return false
	}
	if phase&attached == 0 {
		n.cont = c
		phase = n.phase.Or(attached)
	}
	if phase&attached != 0 {
		panic("async: second consumer of a pending future; a future has one consumer, use Shared for more")
	}
	return phase&settled == 0
}

// claim makes the caller the one who settles n. Needed where more than one may
// try: a promise and whoever cancels it.
func (n *node) claim() bool { return n.phase.Or(claimed)&claimed == 0 }

// settle says that the result is there: err, or the value that the caller has
// stored. It returns the continuation that is due, or nil.
func (n *node) settle(err error) continuation {
	if err != nil {
		if n.phase.Load()&attached == 0 {
			err = unseen(n, err)
		}
		n.err = err
	}
	old := n.phase.Or(settled)
	invariant.Check(old&settled == 0, "async: a future was settled twice")
	if old&attached != 0 {
		return n.cont
	}
	return nil
}

// broken settles n, whose function has not returned: it panicked with v, or v is
// nil and it ends the goroutine with runtime.Goexit. Then what is due runs
// elsewhere.
func (n *node) broken(v any) continuation {
	if v != nil {
		return n.settle(newPanicError(v))
	}
	if c := n.settle(ErrGoexit); c != nil {
		post(n.up.scheduler(), c)
	}
	return nil
}

// state is where a result goes: a one-item queue.
//
// Owner: as its node.
type state[T any] struct {
	value T // first: a struct{} at the end would take a word
	node  node
}

// cell is a state whose type of value does not matter.
type cell interface {
	base() *node
	// take settles the cell with the result of another one of the same type,
	// and returns the continuation that is due, or nil.
	take(from cell) continuation
	// drop throws away the result of a settled cell whose consumer has left.
	drop()
}

func (s *state[T]) base() *node { return &s.node }

func (s *state[T]) take(from cell) continuation { return s.settle(from.(*state[T]).outcome()) }

func (s *state[T]) drop() {
	if v, err := s.outcome(); err == nil {
		discard(s.node.up.scheduler(), v)
	}
}

// future returns the reading end.
func (s *state[T]) future() Future[T] { return Future[T]{state: s} }

// settle stores the result and returns the continuation that is due, or nil.
func (s *state[T]) settle(v T, err error) continuation {
	if err == nil {
		s.value = v
	}
	return s.node.settle(err)
}

// outcome returns the result of a settled state and marks a failure as seen.
func (s *state[T]) outcome() (T, error) {
	if s.node.err != nil {
		return s.value, see(s.node.err)
	}
	return s.value, nil
}

// ready returns a settled state as a ready future.
func (s *state[T]) ready() Future[T] {
	v, err := s.outcome()
	return Future[T]{value: v, err: err}
}

// step is a state together with an M that fills it without knowing the type of
// the value: one allocation for both.
//
// Owner: as the state and M.
type step[T, M any] struct {
	out   state[T]
	maker M
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
