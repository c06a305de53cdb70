package resilience

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/note"
	"github.com/fasterapi/fasterapi/metric"
)

// LimiterConfig configures [NewLimiter]. Limit must be set.
//
// Owner: any (a plain value).
type LimiterConfig struct {
	// Limit is how many calls may begin in which time.
	Limit Limit
	// Wait is the longest time that a call waits for its turn. Default 0: it is refused at once.
	Wait time.Duration
	// Key tells who pays, such as a tenant that is a value of the context; calls with the key "" are
	// not limited. Default: all share one bucket.
	Key func(context.Context) string
	// Buckets counts. Default: a new [Local] for this process; NewLocal(LocalConfig{PerCore: true})
	// has no lock that cores share, and middleware/redisrate counts for many processes. When it fails
	// calls pass, and the log says so.
	Buckets Buckets
}

// Limiter bounds how many calls begin in a time: for services that allow so many calls in a time. Any
// goroutine may use it.
//
// Owner: any (immutable after New); the counters: any (atomic).
type Limiter struct {
	mistaken
	name string
	cfg  LimiterConfig

	passed, refused, broken metric.Shared
}

// NewLimiter returns a limiter with full buckets.
func NewLimiter(name string, cfg LimiterConfig) *Limiter {
	wrong := checkOf("limiter", name)
	limit := &cfg.Limit
	limit.Burst = cmp.Or(limit.Burst, limit.Requests)
	wrong.count("Limit.Requests", limit.Requests, 1, 1_000_000_000)
	wrong.duration("Limit.Window", limit.Window, false)
	wrong.count("Limit.Burst", limit.Burst, 1, 1_000_000_000)
	wrong.unless(limit.Requests < 1 || limit.Window <= 0 || limit.Interval() > 0, "Limit allows more than a call in a nanosecond")
	wrong.duration("Wait", cfg.Wait, true)
	if cfg.Key == nil {
		cfg.Key = func(context.Context) string { return "all" }
	}
	if cfg.Buckets == nil {
		cfg.Buckets = NewLocal(LocalConfig{})
	}
	l := &Limiter{mistaken: mistaken{wrong.wrong}, name: name, cfg: cfg}
	if local, ok := cfg.Buckets.(*Local); ok {
		l.wrong.Add(local.wrong)
	}
	return l
}

// Name returns the name of the limiter.
func (l *Limiter) Name() string { return l.name }

// Enter asks for one call: a [*Refusal] with [ErrLimited] when it would have to wait for longer than
// LimiterConfig.Wait, or until after the deadline of ctx.
func (l *Limiter) Enter(ctx context.Context) (f async.Future[struct{}]) {
	defer caught(&f)
	if len(l.wrong) > 0 {
		return async.Failed[struct{}](l.Mistake())
	}
	key := l.cfg.Key(ctx)
	if key == "" {
		return async.Ready(struct{}{})
	}
	first := l.take(ctx, key)
	if d, err, ready := first.Result(); ready && err == nil && d.OK {
		l.passed.Add(1)
		return async.Ready(struct{}{})
	}
	return l.wait(ctx, key, first)
}

// take is the decision of the buckets. Broken ones let calls pass.
func (l *Limiter) take(ctx context.Context, key string) async.Future[Decision] {
	return l.cfg.Buckets.Take(ctx, key, l.cfg.Limit).Recover(func(err error) (Decision, error) {
		if ctx.Err() != nil {
			return Decision{}, err
		}
		l.broken.Add(1)
		async.SiteOf(ctx).Logger().Error("limiter failed, the call passes", slog.String("limiter", l.name), slog.String("error", err.Error()))
		return Decision{OK: true}, nil
	})
}

// wait takes tokens until it gets one, or would wait for too long. Each turn asks after the time
// that the buckets have named, so that there are as many turns as others come before.
func (l *Limiter) wait(ctx context.Context, key string, first async.Future[Decision]) async.Future[struct{}] {
	end := async.Now(ctx).Add(l.cfg.Wait)
	queued := false
	judge := func(d Decision) async.Future[bool] {
		if d.OK {
			l.passed.Add(1)
			return async.Ready(false)
		}
		now := async.Now(ctx)
		at, bounded := ctx.Deadline()
		if then := now.Add(d.Retry); then.After(end) || bounded && !then.Before(at) {
			l.refused.Add(1)
			note.That(ctx, note.Limited)
			return async.Failed[bool](&Refusal{Policy: l.name, Reason: ErrLimited, After: d.Retry})
		}
		if !queued {
			queued = true
			note.That(ctx, note.Queued)
		}
		return async.Sleep(ctx, max(d.Retry, time.Millisecond)).Then(func(struct{}) bool { return true })
	}
	begun := false
	return async.Repeat(ctx, func() async.Future[bool] {
		d := first
		if begun {
			d = l.take(ctx, key)
		}
		begun = true
		return d.ThenFuture(judge)
	})
}

// Do calls fn when it may begin.
func (l *Limiter) Do[T any](ctx context.Context, fn func(context.Context) (T, error)) (v T, err error) {
	if _, err := l.Enter(ctx).Await(ctx); err != nil {
		return v, err
	}
	return fn(ctx)
}

// DoFuture is Do for functions that return a future.
func (l *Limiter) DoFuture[T any](ctx context.Context, fn func(context.Context) async.Future[T]) async.Future[T] {
	return l.Enter(ctx).ThenFuture(func(struct{}) async.Future[T] { return start(ctx, fn) })
}
