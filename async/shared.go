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
	first   *sharer[T]
	last    *sharer[T]
}

// Shared consumes f and returns it for many consumers.
func (f Future[T]) Shared() *Shared[T] {
	s := &Shared[T]{src: f}
	if f.Ready() {
		s.settle()
		return s
	}
	if !f.state.attach((*sharing[T])(s)) {
		s.settle()
	}
	return s
}

// sharer is one pending consumer.
//
// Owner: any (atomic). in, next, prev: mu of shared.
type sharer[T any] struct {
	root[T]
	shared     *Shared[T]
	in         bool
	next, prev *sharer[T]
}

func (w *sharer[T]) cancel(cause error) origin {
	w.root.cancel(cause)
	s := w.shared
	s.mu.Lock()
	defer s.mu.Unlock()
	if !w.in {
		return nil
	}
	if w.prev == nil {
		s.first = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		s.last = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.in, w.next, w.prev = false, nil, nil
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
	w := &sharer[T]{shared: s, in: true, prev: s.last}
	w.up, w.sched = w, site.home()
	if s.last == nil {
		s.first = w
	} else {
		s.last.next = w
	}
	s.last = w
	startUp(s.src.state.up, w.sched, site.owner())
	return w.future()
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
	w := s.first
	s.first, s.last = nil, nil
	for x := w; x != nil; x = x.next {
		x.in = false
	}
	s.mu.Unlock()
	for w != nil {
		next := w.next
		w.finish(v, err, false)
		w = next
	}
}
