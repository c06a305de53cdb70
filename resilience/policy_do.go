package resilience

import (
	"context"
	"runtime/debug"
	"time"

	"github.com/fasterapi/fasterapi/async"
)

// Do calls fn under the policy, on the goroutine or coroutine of the caller, and returns what
// the last attempt has returned. The context given to fn ends with that of the caller and when
// the attempt has taken too long: fn must look at it, for Go cannot stop code from outside. A value
// that comes late all the same is returned.
//
// A panic of fn goes on to the caller, once everything is told how the attempt ended. With a
// [Hedge] each attempt runs on a goroutine of its own, and a panic is an error.
func (p *Policy) Do[T any](ctx context.Context, fn func(context.Context) (T, error)) (v T, err error) {
	if p.hedged(ctx) {
		return p.DoFuture(ctx, func(ctx context.Context) async.Future[T] { return async.Go(ctx, fn) }).Await(ctx)
	}
	p.calls.Add(1)
	if p.cfg.Limiter != nil || p.cfg.Bulkhead != nil {
		permit, err := p.admit(ctx).Await(ctx)
		if err != nil {
			return v, p.lost(err)
		}
		defer permit.Release()
	}
	c, err := p.begin(ctx)
	for err == nil {
		if v, err = c.try(fn); err == nil {
			return v, nil
		}
		pause, again := c.again(err)
		if !again {
			break
		}
		_, err = async.Sleep(ctx, pause).Await(ctx)
	}
	return v, p.lost(err)
}

// try makes one attempt.
func (c *call) try[T any](fn func(context.Context) (T, error)) (v T, err error) {
	a, err := c.next()
	if err != nil {
		return v, err
	}
	err = errBroken
	defer func() { err = a.done(c, err) }()
	return fn(a.context(c))
}

// DoFuture calls fn under the policy and returns a future of what the last attempt resolves to.
// The context given to fn ends with that of the caller, when the attempt has taken too long, and
// when the future is cancelled; the attempt's future is cancelled as well then, so that fn need not
// look at it. Attempts after the first begin on the scheduler of ctx.
func (p *Policy) DoFuture[T any](ctx context.Context, fn func(context.Context) async.Future[T]) async.Future[T] {
	p.calls.Add(1)
	if p.cfg.Limiter == nil && p.cfg.Bulkhead == nil {
		return p.admitted(ctx, fn)
	}
	admitted := func(ctx context.Context) async.Future[T] { return p.admitted(ctx, fn) }
	return p.admit(ctx).Recover(func(err error) (none async.Permit, _ error) {
		return none, p.lost(err)
	}).ThenFuture(func(permit async.Permit) async.Future[T] { return whileHeld(ctx, permit, admitted) })
}

// admit asks the limiter and the bulkhead. Without a bulkhead the permit is of nothing.
func (p *Policy) admit(ctx context.Context) async.Future[async.Permit] {
	if ctx.Err() != nil {
		return async.Failed[async.Permit](p.ended(ctx))
	}
	limiter, bulkhead := p.cfg.Limiter, p.cfg.Bulkhead
	switch {
	case limiter == nil:
		return bulkhead.Enter(ctx)
	case bulkhead == nil:
		return limiter.Enter(ctx).Then(func(struct{}) (none async.Permit) { return none })
	default:
		return limiter.Enter(ctx).ThenFuture(func(struct{}) async.Future[async.Permit] { return bulkhead.Enter(ctx) })
	}
}

// admitted is DoFuture within the limiter and the bulkhead.
func (p *Policy) admitted[T any](ctx context.Context, fn func(context.Context) async.Future[T]) async.Future[T] {
	c, err := p.begin(ctx)
	if err != nil {
		return async.Failed[T](p.lost(err))
	}
	if p.hedged(ctx) {
		r := &run[T]{call: c, fn: fn}
		return r.after(r.turn())
	}
	a, err := c.next()
	if err != nil {
		return async.Failed[T](p.lost(err))
	}
	f := a.start(&c, fn)
	v, err, ready := f.Result()
	if !ready {
		return follow(c, a, f, fn)
	}
	if err = a.done(&c, err); err == nil {
		return async.Ready(v)
	}
	pause, again := c.again(err)
	if !again {
		return async.Failed[T](p.lost(err))
	}
	r := &run[T]{call: c, fn: fn, pause: pause}
	return r.after(r.rest(true))
}

// start calls fn for an attempt. When fn ends its goroutine the attempt is over.
func (a *attempt) start[T any](c *call, fn func(context.Context) async.Future[T]) async.Future[T] {
	returned := false
	defer func() {
		if !returned {
			_ = a.done(c, errBroken)
		}
	}()
	f := start(a.context(c), fn)
	returned = true
	return f
}

// follow goes on with a call whose first attempt is under way.
func follow[T any](c call, a attempt, f async.Future[T], fn func(context.Context) async.Future[T]) async.Future[T] {
	r := &run[T]{call: c, fn: fn}
	return r.after(r.watch(a, f))
}

// run is a call whose future is pending.
//
// Owner: the scheduler of its context.
type run[T any] struct {
	call
	fn    func(context.Context) async.Future[T]
	out   T
	pause time.Duration // before the next attempt
}

// after makes attempts until one says that it was the last: the first one has begun.
func (r *run[T]) after(first async.Future[bool]) async.Future[T] {
	begun := false
	return async.Repeat(r.ctx, func() async.Future[bool] {
		if begun {
			return r.turn()
		}
		begun = true
		return first
	}).Then(func(struct{}) T { return r.out }).Recover(r.lost)
}

func (r *run[T]) lost(err error) (v T, _ error) { return v, r.policy.lost(err) }

// turn makes one attempt. It resolves to whether there is another.
func (r *run[T]) turn() async.Future[bool] {
	if r.policy.hedged(r.ctx) {
		return r.conclude(newRace(r).begin())
	}
	a, err := r.next()
	if err != nil {
		return async.Failed[bool](err)
	}
	return r.watch(a, a.start(&r.call, r.fn))
}

// watch ends the attempt when its future has a result.
func (r *run[T]) watch(a attempt, f async.Future[T]) async.Future[bool] {
	return r.conclude(a.during(&r.call, f))
}

// during is f, which is cancelled when the attempt has to end, and ends it.
func (a attempt) during[T any](c *call, f async.Future[T]) async.Future[T] {
	if a.scope != nil && !f.Ready() && !a.scope.Watch(&async.Watcher{Cancelled: f.Cancel}) {
		f.Cancel()
	}
	return f.Then(func(v T) T {
		_ = a.done(c, nil)
		return v
	}).Recover(func(err error) (none T, _ error) { return none, a.done(c, err) })
}

// conclude takes the result of an attempt, and decides whether there is another.
func (r *run[T]) conclude(f async.Future[T]) async.Future[bool] {
	won := func(v T) bool {
		r.out = v
		return false
	}
	lost := func(err error) (again bool, _ error) {
		if r.pause, again = r.again(err); !again {
			return false, err
		}
		return true, nil
	}
	return f.Then(won).Recover(lost).ThenFuture(r.rest)
}

// rest pauses when there is another attempt.
func (r *run[T]) rest(again bool) async.Future[bool] {
	if !again {
		return async.Ready(false)
	}
	return async.Sleep(r.ctx, r.pause).Then(func(struct{}) bool { return true })
}

// start calls fn and makes a panic the error of its future.
func start[T any](ctx context.Context, fn func(context.Context) async.Future[T]) (f async.Future[T]) {
	defer caught(&f)
	return fn(ctx)
}

// caught makes a panic the error of a future. It must be deferred itself.
func caught[T any](f *async.Future[T]) {
	if v := recover(); v != nil {
		*f = async.Failed[T](&async.PanicError{Value: v, Stack: debug.Stack()})
	}
}
