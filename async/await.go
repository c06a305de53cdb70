package async

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// ErrWouldBlock is what Await returns when it is called directly on a scheduler,
// outside a coroutine, for a future that is pending: waiting there would keep
// the future from ever being settled. Attach to the future with Then instead.
var ErrWouldBlock = errors.New("async: Await of a pending future on its scheduler, outside a coroutine; use Then")

// Await returns the result of f, waiting for it if need be. How it waits depends
// on where ctx says the caller is ([SiteOf]): a goroutine parks, a coroutine
// suspends, and code directly on a scheduler gets [ErrWouldBlock].
//
// When ctx ends first, f is cancelled and the cause of ctx returned at once. A
// result that is there already is returned even if ctx has ended.
func (f Future[T]) Await(ctx context.Context) (T, error) {
	s := f.state
	if s == nil {
		return f.value, f.err
	}
	if !s.node.isSettled() {
		if err := await(ctx, s); err != nil {
			var zero T
			return zero, err
		}
	}
	return s.outcome()
}

// await returns nil when s is settled, else why it stopped waiting.
func await(ctx context.Context, s cell) error {
	up := s.base().up
	site, carrier := siteOf(ctx)
	if site.Coroutine == nil && site.Direct {
		return ErrWouldBlock
	}
	from := up.scheduler()
	if from == nil {
		from = site.home()
		startUp(up, from, site.owner())
	}
	co := site.Coroutine
	if co == nil {
		return awaitGoroutine(ctx, s, from)
	}
	w := suspendOn(s, from, site)
	switch {
	case w == nil:
		return nil
	case !carrier:
		return w.suspendUnder(ctx, up, site)
	}
	// This loop is no function of its own: the processor predicts no return that
	// follows a switch of stacks, so each call around the switch costs 5-8 ns more.
	for w.phase == waiting {
		if err := co.Interrupted(); err != nil {
			return w.leave(up, err)
		}
		co.Suspend()
	}
	w.release()
	return nil
}

// giver is a scheduler that wants to know when a task of its own has made a
// goroutine runnable, to give way to it. A reactor is one.
type giver interface{ Woke() }

// parked is a goroutine that waits for a future. It is used again and again,
// unless it was cancelled: then the future still points to it.
//
// Owner: any (atomic). src: the waiting goroutine until it attaches, then
// immutable.
type parked struct {
	wake    chan struct{} // one slot
	phase   atomic.Uint32
	src     cell
	from    Scheduler // of src
	watcher Watcher
}

// Phases of parked and of suspended.
const (
	waiting uint32 = iota
	arrived
	left
)

// parkedPool spares a channel per Await. It holds no results and no state.
var parkedPool = sync.Pool{New: func() any {
	p := &parked{wake: make(chan struct{}, 1)}
	p.watcher.Cancelled = p.cancelled
	return p
}}

func (p *parked) Run() { p.resume() }

func (p *parked) resume() continuation {
	if p.phase.CompareAndSwap(waiting, arrived) {
		from := p.from // the awakened goroutine may reuse p
		p.wake <- struct{}{}
		if g, ok := from.(giver); ok {
			g.Woke()
		}
	} else {
		p.src.drop()
	}
	return nil
}

func (p *parked) cancelled() {
	if p.phase.CompareAndSwap(waiting, left) {
		p.wake <- struct{}{}
	}
}

func awaitGoroutine(ctx context.Context, s cell, from Scheduler) error {
	p := parkedPool.Get().(*parked)
	p.src, p.from = s, from
	p.phase.Store(waiting)
	if !s.base().attach(p) {
		p.release()
		return nil
	}
	watchable, ok := ctx.(Watchable)
	switch {
	case !ok:
		p.park(ctx.Done())
	case watchable.Watch(&p.watcher):
		<-p.wake
		watchable.Unwatch(&p.watcher)
	default:
		p.leave()
	}
	if p.phase.Load() == left {
		cause := context.Cause(ctx)
		cancelUp(s.base().up, cause)
		return cause
	}
	if !p.watcher.fired {
		p.release()
	}
	return nil
}

// park waits for the result or the end of the context.
func (p *parked) park(done <-chan struct{}) {
	if done == nil {
		<-p.wake
		return
	}
	select {
	case <-p.wake:
	case <-done:
		p.leave()
	}
}

// leave gives up, unless the result arrives at this moment.
func (p *parked) leave() {
	if !p.phase.CompareAndSwap(waiting, left) {
		<-p.wake
	}
}

func (p *parked) release() {
	p.src, p.from = nil, nil
	parkedPool.Put(p)
}
