package async

import (
	"cmp"
	"context"
	"errors"
)

// RetryPolicy says how often and when [Retry] tries again. The zero value tries
// three times, 50 ms and 100 ms apart. It knows nothing of other calls: what many
// call has its policy in package resilience, with a budget, times and a breaker.
//
// Owner: any (a plain value).
type RetryPolicy struct {
	// Attempts is the number of calls in all. Default 3; below 0: no limit.
	Attempts int
	// Backoff are the pauses between the calls. Default: 50 ms, 100 ms and so on up to 10 s.
	Backoff Backoff
	// If tells whether an error is worth another call. Default: any is, but a
	// cancellation and a panic.
	If func(error) bool
}

// resolve returns p with its defaults filled in.
func (p RetryPolicy) resolve() RetryPolicy {
	p.Attempts = cmp.Or(p.Attempts, 3)
	if p.If == nil {
		p.If = worthRetrying
	}
	return p
}

func worthRetrying(err error) bool {
	_, panicked := errors.AsType[*PanicError](err)
	return !panicked && !errors.Is(err, context.Canceled)
}

// Retry calls fn until its future resolves, the policy has enough, or ctx ends;
// then it fails with the last error, or the cause of ctx. Pauses use the clock
// of the scheduler of ctx.
func Retry[T any](ctx context.Context, policy RetryPolicy, fn func() Future[T]) Future[T] {
	policy = policy.resolve()
	var (
		out     T
		attempt int
	)
	won := func(v T) bool { out = v; return false }
	lost := func(err error) (bool, error) {
		if attempt == policy.Attempts || !policy.If(err) {
			return false, err
		}
		return true, nil
	}
	pause := func(again bool) Future[bool] {
		if !again {
			return Ready(false)
		}
		return Sleep(ctx, policy.Backoff.Pause(attempt-1)).Then(func(struct{}) bool { return true })
	}
	return Repeat(ctx, func() Future[bool] {
		attempt++
		return tryCall(fn).Then(won).Recover(lost).ThenFuture(pause)
	}).Then(func(struct{}) T { return out })
}
