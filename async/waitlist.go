package async

import (
	"context"
	"sync/atomic"

	"github.com/fasterapi/fasterapi/internal/invariant"
)

// waitlist is a FIFO of waiters that can leave from the middle.
//
// Owner: mu of its semaphore.
type waitlist struct {
	first, last *semWaiter
	len         int
}

func (l *waitlist) push(w *semWaiter) {
	w.queued, w.prev = true, l.last
	if l.last == nil {
		l.first = w
	} else {
		l.last.next = w
	}
	l.last = w
	l.len++
}

func (l *waitlist) remove(w *semWaiter) {
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
	w.queued, w.next, w.prev = false, nil, nil
	l.len--
}

// semWaiter is a pending Acquire: its future, its place in the queue, and the
// permit that it will get, in one allocation.
//
// Owner: any (atomic). queued, next, prev: mu of sem.
type semWaiter struct {
	root
	out   state[Permit]
	grant grant
	sem   *Semaphore

	queued     bool
	next, prev *semWaiter

	ctx     context.Context
	watcher Watcher
	armed   atomic.Bool // watcher may be stopped
}

// end is called when the context has ended.
func (w *semWaiter) end() { w.cancel(context.Cause(w.ctx)) }

func (w *semWaiter) cancel(cause error) origin {
	w.sem.abandon(w) // first: who has heard that it left finds its place free
	w.root.cancel(cause)
	w.unwatch()
	return nil
}

// watch makes the end of the context cancel w. The units may come while it does:
// then whoever sees the other's mark stops the watch.
func (w *semWaiter) watch() {
	if !OnCancel(w.ctx, &w.watcher) {
		w.end()
		return
	}
	w.armed.Store(true)
	if w.out.node.phase.Load()&claimed != 0 {
		w.watcher.Stop()
	}
}

func (w *semWaiter) unwatch() {
	if w.armed.Load() {
		w.watcher.Stop()
	}
}

// deliver tells w that its units are reserved. It returns false when w has left
// meanwhile.
func (w *semWaiter) deliver() bool {
	ok := finish(&w.root, &w.out, Permit{&w.grant}, nil, false)
	w.unwatch()
	return ok
}

// enqueue puts w at the end of the queue, or gives it its units when they have
// become free meanwhile.
func (s *Semaphore) enqueue(w *semWaiter) (granted bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := w.grant.units
	switch {
	case n > s.units:
		return false, ErrTooManyUnits
	case s.queue.first == nil && n <= s.free:
		s.free -= n
		s.stats.Granted++
		return true, nil
	case s.capacity >= 0 && s.queue.len >= s.capacity:
		s.stats.Rejected++
		return false, ErrQueueFull
	}
	s.queue.push(w)
	return false, nil
}

// abandon takes w out of the queue. If it stood at the head, those behind it may
// be able to go on.
func (s *Semaphore) abandon(w *semWaiter) {
	s.mu.Lock()
	if !w.queued {
		s.mu.Unlock()
		return
	}
	s.queue.remove(w)
	s.stats.Abandoned++
	s.mu.Unlock()
	s.release(0)
}

// release takes n units back and hands out what can be had now.
func (s *Semaphore) release(n int) {
	for {
		w := s.admit(n)
		if w == nil {
			return
		}
		n = 0
		if !w.deliver() {
			n = s.retract(w)
		}
	}
}

// admit adds n units and reserves those of the first waiter, if it can be
// served.
func (s *Semaphore) admit(n int) *semWaiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free += n
	invariant.Check(s.free <= s.units, "async: a semaphore got back more units than it gave")
	w := s.queue.first
	if w == nil || w.grant.units > s.free {
		return nil
	}
	s.queue.remove(w)
	s.free -= w.grant.units
	s.stats.Granted++
	return w
}

// retract returns the units that were reserved for w after it had left.
func (s *Semaphore) retract(w *semWaiter) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Granted--
	s.stats.Abandoned++
	return w.grant.units
}
