package async

import (
	"context"
	"sync"
)

// Repeat calls fn again and again, each time after the future of the call before
// is settled, until one resolves to false. An error, or the end of ctx, fails
// it. It takes constant memory however long it goes on.
//
// The first calls are made in the caller, later ones on the scheduler of ctx.
func Repeat(ctx context.Context, fn func() Future[bool]) Future[struct{}] {
	l := &loop{fn: fn, ctx: ctx}
	l.initRoot(&l.out.node, l, SiteOf(ctx).home())
	l.watcher.Cancelled = func() { cancelUp(l, context.Cause(ctx)) }
	if !OnCancel(ctx, &l.watcher) {
		return Failed[struct{}](context.Cause(ctx))
	}
	l.turn()
	if v, err, ready := l.out.future().Result(); ready {
		return Of(v, err)
	}
	return l.out.future()
}

// Reduce folds the items into acc, one after the other: fn is called with what
// the call before it resolved to. It fails as Repeat does.
func Reduce[T, A any](ctx context.Context, items []T, acc A, fn func(A, T) Future[A]) Future[A] {
	next := 0
	keep := func(a A) bool {
		acc = a
		next++
		return true
	}
	return Repeat(ctx, func() Future[bool] {
		if next == len(items) {
			return Ready(false)
		}
		return fn(acc, items[next]).Then(keep)
	}).Then(func(struct{}) A { return acc })
}

// loop is a pending Repeat.
//
// Owner: sched (whoever made it, for the first turn). watcher: as Watcher.
type loop struct {
	root
	out     state[struct{}]
	fn      func() Future[bool]
	src     *state[bool] // what it waits for
	ctx     context.Context
	watcher Watcher

	mu     sync.Mutex
	target origin // of src; owner: mu
	cause  error  // owner: mu
}

// Run goes on, at home.
func (l *loop) Run() { l.turn() }

// resume comes home when the future is settled.
func (l *loop) resume() continuation {
	if l.src.node.up.scheduler() != l.sched {
		post(l.sched, l)
	} else {
		l.turn()
	}
	return nil
}

// turn calls fn until a future is pending, or the budget is used up.
func (l *loop) turn() {
	for range eachBudget {
		f, ok := l.step()
		if !ok {
			return
		}
		if f.Ready() {
			l.src = nil
			if !l.again(f) {
				return
			}
			continue
		}
		l.src = f.state
		l.setTarget(f.state.node.up)
		if f.state.node.attach(l) {
			return
		}
	}
	post(l.sched, l)
}

// step gives the next future to look at: the one waited for, or a new one.
func (l *loop) step() (f Future[bool], ok bool) {
	if l.src != nil {
		f = l.src.ready()
		l.src = nil
		return f, true
	}
	if l.out.node.phase.Load()&claimed != 0 {
		return f, false
	}
	return l.call(), true
}

// call calls fn. If fn ends its goroutine, the loop fails.
func (l *loop) call() (f Future[bool]) {
	returned := false
	defer func() {
		if v := recover(); v != nil {
			f = Failed[bool](newPanicError(v))
		} else if !returned {
			l.end(ErrGoexit)
		}
	}()
	f = l.fn()
	returned = true
	return f
}

// again tells whether the loop goes on after f, and ends it if not.
func (l *loop) again(f Future[bool]) bool {
	more, err, _ := f.Result()
	if err == nil && more {
		return true
	}
	l.end(err)
	return false
}

func (l *loop) end(err error) {
	finish(&l.root, &l.out, struct{}{}, err, false)
	l.watcher.Stop()
}

// setTarget makes a cancellation reach the future that is waited for.
func (l *loop) setTarget(target origin) {
	startUp(target, l.sched, false)
	l.mu.Lock()
	l.target = target
	cause := l.cause
	l.mu.Unlock()
	if cause != nil {
		cancelUp(target, cause)
	}
}

func (l *loop) cancel(cause error) origin {
	l.root.cancel(cause)
	l.watcher.Stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cause == nil {
		l.cause = cause
	}
	return l.target
}
