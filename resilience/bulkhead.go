package resilience

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/note"
	"github.com/fasterapi/fasterapi/metric"
)

// BulkheadConfig configures [NewBulkhead]. Concurrent must be set.
//
// Owner: any (a plain value).
type BulkheadConfig struct {
	// Concurrent is how many calls may be under way at a time; 1 to 1,048,576.
	Concurrent int
	// Queue is how many more may wait for a place. Default as many as Concurrent; below 0: none.
	Queue int
	// Wait is the longest time that one waits. Default 1 s.
	Wait time.Duration
}

// Bulkhead bounds how many calls are under way at a time, so that what is slow does not take all
// of a service with it. Those that wait get in by the order of their coming, and leave with their
// caller. Any goroutine may use it.
//
// Owner: any (immutable after New); the counters: any (atomic).
type Bulkhead struct {
	mistaken
	name   string
	cfg    BulkheadConfig
	places *async.Semaphore
	waited metric.Shared // waited too long
}

// NewBulkhead returns a bulkhead with all places free.
func NewBulkhead(name string, cfg BulkheadConfig) *Bulkhead {
	wrong := checkOf("bulkhead", name)
	cfg.Queue = max(0, cmp.Or(cfg.Queue, cfg.Concurrent))
	cfg.Wait = cmp.Or(cfg.Wait, time.Second)
	wrong.count("Concurrent", cfg.Concurrent, 1, manyCalls)
	wrong.count("Queue", cfg.Queue, 0, manyCalls)
	wrong.duration("Wait", cfg.Wait, false)
	return &Bulkhead{mistaken: mistaken{wrong.wrong}, name: name, cfg: cfg, places: async.NewSemaphore(cfg.Concurrent, cfg.Queue)}
}

// Name returns the name of the bulkhead.
func (b *Bulkhead) Name() string { return b.name }

// Enter asks for a place: a [*Refusal] with [ErrFull] or [ErrWaited] when there is none. Whoever
// got a permit must release it, any number of times. [Bulkhead.Do] and [Bulkhead.DoFuture] do
// both.
func (b *Bulkhead) Enter(ctx context.Context) async.Future[async.Permit] {
	if len(b.wrong) > 0 {
		return async.Failed[async.Permit](b.Mistake())
	}
	if p, ok := b.places.TryAcquire(1); ok {
		return async.Ready(p)
	}
	note.That(ctx, note.Queued)
	return b.places.Acquire(ctx, 1).Timeout(b.cfg.Wait).Recover(func(err error) (async.Permit, error) {
		none, err := b.refused(err)
		if _, ok := err.(*Refusal); ok { //nolint:errorlint // made just now
			note.That(ctx, note.Limited)
		}
		return none, err
	})
}

func (b *Bulkhead) refused(err error) (none async.Permit, _ error) {
	switch {
	case errors.Is(err, async.ErrQueueFull):
		return none, &Refusal{Policy: b.name, Reason: ErrFull}
	case errors.Is(err, async.ErrTimeout):
		b.waited.Add(1)
		return none, &Refusal{Policy: b.name, Reason: ErrWaited}
	}
	return none, err // the caller has left
}

// Do calls fn once there is a place for it.
func (b *Bulkhead) Do[T any](ctx context.Context, fn func(context.Context) (T, error)) (v T, err error) {
	permit, err := b.Enter(ctx).Await(ctx)
	if err != nil {
		return v, err
	}
	defer permit.Release()
	return fn(ctx)
}

// DoFuture is Do for functions that return a future: the place is held until it has a result.
func (b *Bulkhead) DoFuture[T any](ctx context.Context, fn func(context.Context) async.Future[T]) async.Future[T] {
	return b.Enter(ctx).ThenFuture(func(p async.Permit) async.Future[T] { return whileHeld(ctx, p, fn) })
}

// whileHeld calls fn and releases p when its future has a result, or fn ends its goroutine.
func whileHeld[T any](ctx context.Context, p async.Permit, fn func(context.Context) async.Future[T]) async.Future[T] {
	returned := false
	defer func() {
		if !returned {
			p.Release()
		}
	}()
	f := start(ctx, fn)
	returned = true
	return f.Finally(p.Release)
}
