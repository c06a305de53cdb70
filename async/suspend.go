package async

import (
	"context"
	"sync"

	"github.com/fasterapi/fasterapi/internal/invariant"
)

// suspended is a coroutine that waits for a future. Like parked it is used again
// unless it was left behind.
//
// Owner: the scheduler of the coroutine. src, home: immutable while attached.
type suspended struct {
	coroutine Coroutine
	src       awaitable
	home      Scheduler // set when src is settled on another scheduler
	phase     uint32
}

// suspendedPool spares an allocation per Await in a coroutine. What is in it may
// still point to the coroutine it served last.
var suspendedPool = sync.Pool{New: func() any { return new(suspended) }}

func (w *suspended) Run() { w.resume() }

func (w *suspended) resume() continuation {
	if w.home == nil {
		w.arrive()
	} else {
		post(w.home, (*arrival)(w))
	}
	return nil
}

// arrive runs the coroutine, at home.
func (w *suspended) arrive() {
	if w.phase == left {
		w.src.drop()
		return
	}
	invariant.Check(w.phase == waiting, "async: a coroutine was woken twice by one future")
	w.phase = arrived
	w.coroutine.Run()
}

// arrival is a suspended as the task that brings a result from elsewhere home.
//
// Owner: as suspended.
type arrival suspended

func (a *arrival) Run() { (*suspended)(a).arrive() }

// awaitCoroutine waits for s, which is settled on from.
func awaitCoroutine(ctx context.Context, site Site, carrier bool, s awaitable, from Scheduler) error {
	w := suspendedPool.Get().(*suspended)
	w.coroutine, w.src, w.phase = site.Coroutine, s, waiting
	if from != site.Scheduler {
		w.home = site.Scheduler
	}
	if !s.attach(w) {
		w.release()
		return nil
	}
	var err error
	if carrier {
		err = w.suspend()
	} else {
		err = w.suspendUnder(ctx, site)
	}
	if err != nil {
		w.phase = left
		cancelUp(s.upstream(), err)
		return err
	}
	w.release()
	return nil
}

func (w *suspended) release() {
	w.src, w.home = nil, nil
	suspendedPool.Put(w)
}

// suspend waits until the result arrives or the coroutine is interrupted.
func (w *suspended) suspend() error {
	co := w.coroutine
	for w.phase == waiting {
		if err := co.Interrupted(); err != nil {
			return err
		}
		co.Suspend()
	}
	return nil
}

// suspendUnder waits until the result arrives or ctx ends, where ctx is not the
// coroutine's own context: it may have a deadline, or ignore cancellation.
func (w *suspended) suspendUnder(ctx context.Context, site Site) error {
	end := &ending{site: site, ctx: ctx}
	end.watcher.Cancelled = end.cancelled
	if !OnCancel(ctx, &end.watcher) {
		return context.Cause(ctx)
	}
	for w.phase == waiting {
		if end.cause != nil {
			return end.cause
		}
		site.Coroutine.Suspend()
	}
	end.over = true
	end.watcher.Stop()
	return nil
}

// ending brings the end of a context to a coroutine.
//
// Owner: the scheduler of the coroutine. watcher: as Watcher.
type ending struct {
	site    Site
	ctx     context.Context
	cause   error
	over    bool // the coroutine does not wait here any more
	watcher Watcher
}

func (e *ending) cancelled() { post(e.site.Scheduler, e) }

// Run wakes the coroutine, at home.
func (e *ending) Run() {
	if e.over || e.cause != nil {
		return
	}
	e.cause = context.Cause(e.ctx)
	e.site.Coroutine.Run()
}
