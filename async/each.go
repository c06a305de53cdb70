package async

import (
	"context"
	"sync"
)

// Map calls fn for every item, with at most limit of its futures pending at a
// time, and returns their values in the order of the items. A limit below one
// means no limit. The first error, or the end of ctx, fails it, cancels what is
// pending and starts nothing more.
//
// fn is never called twice at the same time: first in the caller, then, as
// earlier futures are settled, on the scheduler of ctx.
func Map[T, U any](ctx context.Context, items []T, limit int, fn func(T) Future[U]) Future[[]U] {
	out, have := make([]U, len(items)), make([]bool, len(items))
	e := newEach(ctx, items, limit, fn)
	e.keep = func(i int, v U) { out[i], have[i] = v, true }
	e.discardValues = func() {
		for i, v := range out {
			if have[i] {
				discard(e.sched, v)
			}
		}
	}
	return e.begin().Then(func(struct{}) []U { return out })
}

// ForEach is Map for functions whose values are of no interest.
func ForEach[T, U any](ctx context.Context, items []T, limit int, fn func(T) Future[U]) Future[struct{}] {
	return newEach(ctx, items, limit, fn).begin()
}

// Filter returns the items for which keep resolves to true, in their order; at
// most limit calls are pending at a time. It fails as Map does.
func Filter[T any](ctx context.Context, items []T, limit int, keep func(T) Future[bool]) Future[[]T] {
	return Map(ctx, items, limit, keep).Then(func(kept []bool) []T {
		out := make([]T, 0, len(items))
		for i, ok := range kept {
			if ok {
				out = append(out, items[i])
			}
		}
		return out
	})
}

// Pipeline sends every item through all stages, one after the other, with at
// most limit items under way, and returns what came out, in the order of the
// items. It fails as Map does.
func Pipeline[T any](ctx context.Context, items []T, limit int, stages ...func(T) Future[T]) Future[[]T] {
	return Map(ctx, items, limit, func(item T) Future[T] {
		f := Ready(item)
		for _, stage := range stages {
			f = f.ThenFuture(stage)
		}
		return f
	})
}

// eachBudget is how many items whose futures are ready at once are handled
// before the scheduler gets to do something else.
const eachBudget = 128

// each is a pending Map or ForEach.
//
// Owner: mu. items, limit, fn, keep, discardValues, ctx: immutable. watcher: as Watcher.
type each[T, U any] struct {
	root
	out           state[struct{}]
	items         []T
	limit         int
	fn            func(T) Future[U]
	keep          func(int, U) // called under mu; nil: nobody wants the values
	discardValues func()       // gives back what was kept; called by whoever sets over
	ctx           context.Context
	watcher       Watcher

	mu      sync.Mutex
	next    int // item to start next
	running int
	ended   int
	pumping bool // somebody is starting items
	over    bool
	slots   []*slot[T, U] // all that were ever pending, at most limit
	free    []*slot[T, U]
}

// slot is one pending future of an each.
//
// Owner: mu of each, while src is nil; else the scheduler of src.
type slot[T, U any] struct {
	e   *each[T, U]
	i   int
	src *state[U]
	up  origin // of src; owner: mu of each
}

func newEach[T, U any](ctx context.Context, items []T, limit int, fn func(T) Future[U]) *each[T, U] {
	if limit < 1 {
		limit = len(items)
	}
	e := &each[T, U]{items: items, limit: limit, fn: fn, ctx: ctx, discardValues: func() {}}
	e.initRoot(&e.out.node, e, SiteOf(ctx).home())
	e.watcher.Cancelled = func() { e.cancel(context.Cause(ctx)) }
	return e
}

func (e *each[T, U]) begin() Future[struct{}] {
	if !OnCancel(e.ctx, &e.watcher) {
		return Failed[struct{}](context.Cause(e.ctx))
	}
	if len(e.items) == 0 {
		e.watcher.Stop()
		return Ready(struct{}{})
	}
	e.pump()
	if v, err, ready := e.out.future().Result(); ready {
		return Of(v, err)
	}
	return e.out.future()
}

// Run goes on after the budget was used up.
func (e *each[T, U]) Run() {
	e.mu.Lock()
	e.pumping = false
	e.mu.Unlock()
	e.pump()
}

// pump starts items until the limit is reached. One goroutine at a time does.
func (e *each[T, U]) pump() {
	if !e.beginPumping() {
		return
	}
	for n := 0; ; n++ {
		if n == eachBudget {
			post(e.sched, e)
			return
		}
		i, ok := e.take()
		if !ok {
			return
		}
		f := e.call(i)
		if f.Ready() || !e.await(i, f.state) {
			v, err, _ := f.Result()
			e.arrive(i, v, err)
		}
	}
}

// call calls fn for item i. If fn ends its goroutine, e fails.
func (e *each[T, U]) call(i int) (f Future[U]) {
	returned := false
	defer func() {
		if v := recover(); v != nil {
			f = Failed[U](newPanicError(v))
		} else if !returned {
			var none U
			e.arrive(i, none, ErrGoexit)
		}
	}()
	f = e.fn(e.items[i])
	returned = true
	return f
}

func (e *each[T, U]) beginPumping() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.pumping {
		return false
	}
	e.pumping = true
	return true
}

// take reserves the next item, or ends the pumping.
func (e *each[T, U]) take() (i int, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.over || e.next == len(e.items) || e.running == e.limit {
		e.pumping = false
		return 0, false
	}
	i = e.next
	e.next++
	e.running++
	return i, true
}

// await attaches a slot to the future of item i, unless it is settled already.
func (e *each[T, U]) await(i int, src *state[U]) bool {
	startUp(src.node.up, e.sched, false)
	e.mu.Lock()
	var s *slot[T, U]
	if n := len(e.free); n > 0 {
		s = e.free[n-1]
		e.free = e.free[:n-1]
	} else {
		s = &slot[T, U]{e: e}
		e.slots = append(e.slots, s)
	}
	s.i, s.src, s.up = i, src, src.node.up
	over := e.over
	e.mu.Unlock()
	if over {
		cancelUp(src.node.up, context.Canceled)
	}
	if src.node.attach(s) {
		return true
	}
	e.release(s)
	return false
}

func (e *each[T, U]) release(s *slot[T, U]) {
	e.mu.Lock()
	s.src, s.up = nil, nil
	e.free = append(e.free, s)
	e.mu.Unlock()
}

// resume brings the result home.
func (s *slot[T, U]) resume() continuation {
	if home := s.e.sched; s.src.node.up.scheduler() != home {
		post(home, s)
	} else {
		s.Run()
	}
	return nil
}

// Run takes the result, at home, and starts what may start now.
func (s *slot[T, U]) Run() {
	e, i := s.e, s.i
	v, err := s.src.outcome()
	e.release(s)
	e.arrive(i, v, err)
	e.pump()
}

// arrive counts the result of item i.
func (e *each[T, U]) arrive(i int, v U, err error) {
	e.mu.Lock()
	e.running--
	if e.over {
		e.mu.Unlock()
		if err == nil {
			discard(e.sched, v)
		}
		return
	}
	if err == nil && e.keep != nil {
		e.keep(i, v)
	}
	e.ended++
	e.over = err != nil || e.ended == len(e.items)
	over := e.over
	e.mu.Unlock()
	if !over {
		return
	}
	finish(&e.root, &e.out, struct{}{}, err, false)
	e.stop(context.Canceled)
	if err != nil {
		e.discardValues()
	}
}

func (e *each[T, U]) cancel(cause error) origin {
	e.mu.Lock()
	first := !e.over
	e.over = true
	e.mu.Unlock()
	if first {
		e.root.cancel(cause)
		e.stop(cause)
		e.discardValues()
	}
	return nil
}

// stop cancels what is pending; nothing more is started once over is set.
func (e *each[T, U]) stop(cause error) {
	e.watcher.Stop()
	e.mu.Lock()
	pending := make([]origin, 0, e.running)
	for _, s := range e.slots {
		if s.up != nil {
			pending = append(pending, s.up)
		}
	}
	e.mu.Unlock()
	for _, up := range pending {
		cancelUp(up, cause)
	}
}
