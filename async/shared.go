package async

import (
	"context"
	"sync"
)

// Shared is one result for many consumers. Any goroutine may use it.
//
// A consumer that cancels, or whose context ends, leaves alone: the source goes
// on for the others and for those still to come. [Shared.Cancel] ends the
// source. All consumers see the same value, so it should be immutable and not a
// [Discarder].
//
// Owner: mu. src: immutable.
type Shared[T any] struct {
	src Future[T]

	mu      sync.Mutex
	settled bool
	result  Future[T] // ready, once settled
	waiting sharers
}

// Shared consumes f and returns it for many consumers.
func (f Future[T]) Shared() *Shared[T] {
	s := &Shared[T]{src: f}
	if f.Ready() {
		s.settle()
		return s
	}
	if !f.state.node.attach((*sharing[T])(s)) {
		s.settle()
	}
	return s
}

// sharers are the pending consumers of a Shared, the oldest first.
//
// Owner: mu of the Shared.
type sharers struct{ first, last *sharer }

// push adds w, at the end.
func (l *sharers) push(w *sharer) {
	w.in, w.prev = true, l.last
	if l.last == nil {
		l.first = w
	} else {
		l.last.next = w
	}
	l.last = w
}

// remove takes w out, if it is in.
func (l *sharers) remove(w *sharer) {
	if !w.in {
		return
	}
	if w.prev == nil {
		l.first = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		l.last = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.in, w.next, w.prev = false, nil, nil
}

// takeAll empties the list and returns the first; the others hang on its next.
func (l *sharers) takeAll() *sharer {
	first := l.first
	for w := first; w != nil; w = w.next {
		w.in = false
	}
	*l = sharers{}
	return first
}

// sharer is one pending consumer.
//
// Owner: any (atomic). out, mu, list: immutable. in, next, prev: mu.
type sharer struct {
	root
	out        cell
	mu         *sync.Mutex // of the Shared
	list       *sharers    // of the Shared
	in         bool
	next, prev *sharer
}

func (w *sharer) cancel(cause error) origin {
	w.root.cancel(cause)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list.remove(w)
	return nil
}

// Future returns a future of the result for one more consumer. Its continuations
// run on the scheduler of ctx; ctx does not limit it in time.
func (s *Shared[T]) Future(ctx context.Context) Future[T] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.settled {
		return s.result
	}
	site := SiteOf(ctx)
	w := &step[T, sharer]{}
	w.maker.out, w.maker.mu, w.maker.list = &w.out, &s.mu, &s.waiting
	w.maker.initRoot(&w.out.node, &w.maker, site.home())
	s.waiting.push(&w.maker)
	startUp(s.src.state.node.up, w.maker.sched, site.owner())
	return w.out.future()
}

// Await is Future(ctx).Await(ctx).
func (s *Shared[T]) Await(ctx context.Context) (T, error) { return s.Future(ctx).Await(ctx) }

// Ready tells whether the result is there.
func (s *Shared[T]) Ready() bool { return s.src.Ready() }

// Cancel cancels the source; every consumer fails with context.Canceled.
func (s *Shared[T]) Cancel() { s.src.Cancel() }

// sharing is a Shared as the consumer of its source.
//
// Owner: as Shared.
type sharing[T any] Shared[T]

func (s *sharing[T]) Run()                 { s.resume() }
func (s *sharing[T]) resume() continuation { (*Shared[T])(s).settle(); return nil }

// settle passes the result of the source on, to the oldest consumer first.
func (s *Shared[T]) settle() {
	v, err, _ := s.src.Result()
	s.mu.Lock()
	s.settled, s.result = true, Of(v, err)
	w := s.waiting.takeAll()
	s.mu.Unlock()
	for w != nil {
		next := w.next
		finish(&w.root, w.out.(*state[T]), v, err, false)
		w = next
	}
}
