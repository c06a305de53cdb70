package async

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// Errors of [Semaphore.Acquire].
var (
	ErrQueueFull    = errors.New("async: semaphore: the queue is full")
	ErrTooManyUnits = errors.New("async: semaphore: more units than it has")
)

// Semaphore hands out units, in the order of asking: a big request at the head
// is not overtaken by smaller ones. Any goroutine may use it.
//
// Owner: mu.
type Semaphore struct {
	mu       sync.Mutex
	units    int // in all
	free     int
	capacity int // of the queue; below 0: no bound
	queue    waitlist
	stats    SemaphoreStats
}

// SemaphoreStats is a snapshot of a [Semaphore]. The counts are since it was made.
//
// Owner: any (a plain value).
type SemaphoreStats struct {
	Units     int   // in all
	Free      int   // units not handed out
	Waiting   int   // requests in the queue
	Granted   int64 // requests that got their units
	Rejected  int64 // requests refused because the queue was full
	Abandoned int64 // requests that left the queue: cancelled or timed out
}

// NewSemaphore returns a semaphore of units, at least one. At most queue
// requests wait at a time; 0 means that none may wait, below 0 means no bound.
func NewSemaphore(units, queue int) *Semaphore {
	units = max(units, 1)
	return &Semaphore{units: units, free: units, capacity: queue}
}

// Permit is a number of units that were handed out. Copies are the same permit.
// The zero Permit holds nothing.
//
// Owner: any (atomic).
type Permit struct{ grant *grant }

// grant is the inside of a Permit.
//
// Owner: any (atomic).
type grant struct {
	sem      *Semaphore
	units    int
	released atomic.Bool
}

// Units returns how many units the permit was given for.
func (p Permit) Units() int {
	if p.grant == nil {
		return 0
	}
	return p.grant.units
}

// Release gives the units back. Only the first call does something.
func (p Permit) Release() {
	if p.grant != nil && p.grant.released.CompareAndSwap(false, true) {
		p.grant.sem.release(p.grant.units)
	}
}

// Discard is Release: a permit that arrives for nobody goes back.
func (p Permit) Discard() { p.Release() }

// Acquire asks for n units (below 1: one). The future fails with [ErrQueueFull]
// when the queue is full, with [ErrTooManyUnits] when n can never be had, and
// with the cause of ctx when that ends while it waits. For a bound on the
// waiting time use its Timeout. Continuations run on the scheduler of ctx.
func (s *Semaphore) Acquire(ctx context.Context, n int) Future[Permit] {
	n = max(n, 1)
	if p, ok := s.TryAcquire(n); ok {
		return Ready(p)
	}
	w := &semWaiter{sem: s, ctx: ctx, grant: grant{sem: s, units: n}}
	w.initRoot(&w.out.node, w, SiteOf(ctx).home())
	w.watcher.Cancelled = w.end
	granted, err := s.enqueue(w)
	if err != nil {
		return Failed[Permit](err)
	}
	if granted {
		return Ready(Permit{&w.grant})
	}
	w.watch()
	return w.out.future()
}

// TryAcquire takes n units (below 1: one) if they can be had at once and nobody
// waits.
func (s *Semaphore) TryAcquire(n int) (Permit, bool) {
	n = max(n, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue.first != nil || n > s.free {
		return Permit{}, false
	}
	s.free -= n
	s.stats.Granted++
	return Permit{&grant{sem: s, units: n}}, true
}

// Hold calls fn once it has n units and gives them back when its future is
// settled.
func (s *Semaphore) Hold[T any](ctx context.Context, n int, fn func() Future[T]) Future[T] {
	return s.Acquire(ctx, n).ThenFuture(func(p Permit) Future[T] {
		return held(fn, p.Release)
	})
}

// Stats returns a snapshot of the semaphore.
func (s *Semaphore) Stats() SemaphoreStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Units, stats.Free, stats.Waiting = s.units, s.free, s.queue.len
	return stats
}
