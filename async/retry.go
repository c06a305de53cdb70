package async

import (
	"cmp"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"time"
)

// RetryPolicy says how often and when [Retry] tries again. The zero value tries
// three times, 50 ms and 100 ms apart.
//
// Owner: any (immutable after New).
type RetryPolicy struct {
	// Attempts is the number of calls in all. 0: 3; below 0: no limit.
	Attempts int
	// Delay is the pause before the second call. 0: 50 ms; below 0: none.
	Delay time.Duration
	// Backoff multiplies the pause after each call. 0: 2; at least 1.
	Backoff float64
	// Max bounds the pause. 0: 10 s.
	Max time.Duration
	// Jitter is the part of each pause that is left to chance, 0 to 1: with
	// 0.2, a pause of 100 ms lasts 80 to 100 ms. 0: none.
	Jitter float64
	// If tells whether an error is worth another call. Nil: any is, but a
	// cancellation and a panic.
	If func(error) bool
}

// withDefaults fills in what is zero.
func (p RetryPolicy) withDefaults() RetryPolicy {
	p.Attempts = cmp.Or(p.Attempts, 3)
	p.Delay = cmp.Or(p.Delay, 50*time.Millisecond)
	p.Backoff = cmp.Or(p.Backoff, 2)
	p.Backoff = max(p.Backoff, 1)
	p.Max = cmp.Or(p.Max, 10*time.Second)
	p.Jitter = min(max(p.Jitter, 0), 1)
	if p.If == nil {
		p.If = worthRetrying
	}
	return p
}

// pause is how long to wait after the call number attempt, counted from one.
func (p RetryPolicy) pause(attempt int) time.Duration {
	d := float64(p.Delay) * math.Pow(p.Backoff, float64(attempt-1))
	d = min(d, float64(p.Max))
	if p.Jitter > 0 {
		d *= 1 - p.Jitter*rand.Float64()
	}
	return time.Duration(d)
}

func worthRetrying(err error) bool {
	var panicked *PanicError
	return !errors.Is(err, context.Canceled) && !errors.As(err, &panicked)
}

// Retry calls fn until its future resolves, the policy has enough, or ctx ends;
// then it fails with the last error, or the cause of ctx. Pauses use the clock
// of the scheduler of ctx.
func Retry[T any](ctx context.Context, policy RetryPolicy, fn func() Future[T]) Future[T] {
	policy = policy.withDefaults()
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
		return Sleep(ctx, policy.pause(attempt)).Then(func(struct{}) bool { return true })
	}
	return Repeat(ctx, func() Future[bool] {
		attempt++
		return tryCall(fn).Then(won).Recover(lost).ThenFuture(pause)
	}).Then(func(struct{}) T { return out })
}
