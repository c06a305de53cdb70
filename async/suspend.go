package async

import (
	"context"

	"github.com/fasterapi/fasterapi/internal/invariant"
)

// Waiter is what a coroutine needs to await: every [Coroutine] embeds one. The
// zero value is ready.
//
// Owner: the scheduler of the coroutine.
type Waiter struct{ spare *suspended }

func (w *Waiter) waiter() *Waiter { return w }

// take returns a suspended that no future points to.
func (w *Waiter) take() *suspended {
	s := w.spare
	if s == nil {
		return &suspended{waiter: w}
	}
	w.spare = nil
	return s
}

// suspended is a coroutine that waits for a future. Its [Waiter] uses it again
// and again, unless the coroutine stopped waiting: then the future still points
// to it.
//
// Owner: the scheduler of the coroutine. src, home: immutable while attached.
type suspended struct {
	waiter    *Waiter
	coroutine Coroutine
	src       cell
	home      Scheduler // set when src is settled on another scheduler
	phase     uint32
}

// Run runs the coroutine, at home.
func (w *suspended) Run() {
	switch {
	case w.home != nil:
		post(w.home, (*arrival)(w))
	case w.phase == left:
		w.src.drop()
	default:
		invariant.Check(w.phase == waiting, "async: a coroutine was woken twice by one future")
		w.phase = arrived
		w.coroutine.Run()
	}
}

func (w *suspended) resume() continuation { w.Run(); return nil }

// arrival is a suspended as the task that brings a result from elsewhere home.
//
// Owner: as suspended.
type arrival suspended

func (a *arrival) Run() {
	a.home = nil
	(*suspended)(a).Run()
}

// suspendOn makes s, which is settled on from, wake the coroutine of site; nil
// when s is settled already.
func suspendOn(s cell, from Scheduler, site Site) *suspended {
	w := site.Coroutine.waiter().take()
	w.coroutine, w.src, w.phase = site.Coroutine, s, waiting
	if from != site.Scheduler {
		w.home = site.Scheduler
	}
	if !s.base().attach(w) {
		w.release()
		return nil
	}
	return w
}

// leave gives up. The future keeps w.
func (w *suspended) leave(up origin, cause error) error {
	w.phase = left
	cancelUp(up, cause)
	return cause
}

func (w *suspended) release() {
	w.coroutine, w.src, w.home = nil, nil, nil
	w.waiter.spare = w
}

// suspendUnder waits until the result arrives or ctx ends, where ctx is not the
// coroutine's own context: it may have a deadline, or ignore cancellation.
func (w *suspended) suspendUnder(ctx context.Context, up origin, site Site) error {
	end := &ending{site: site, ctx: ctx}
	end.watcher.Cancelled = end.cancelled
	if !OnCancel(ctx, &end.watcher) {
		return w.leave(up, context.Cause(ctx))
	}
	for w.phase == waiting {
		if end.cause != nil {
			return w.leave(up, end.cause)
		}
		site.Coroutine.Suspend()
	}
	end.over = true
	end.watcher.Stop()
	w.release()
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
