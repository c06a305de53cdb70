package main

import (
	"context"
	"testing"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/failsafe-go/failsafe-go/timeout"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/resilience"
)

func whole() *resilience.Policy {
	return resilience.New("whole", resilience.Config{
		Timeout: 2 * time.Second, AttemptTimeout: time.Second, Retry: resilience.Retry{Idempotent: true},
		Breaker: resilience.NewBreaker("whole", resilience.BreakerConfig{}),
	})
}

// coarse is a scheduler whose clock is read once a turn, as a reactor's.
type coarse struct {
	async.Scheduler
	now time.Time
}

func (c *coarse) Now() time.Time { return c.now }

// onReactor is the context of code on a reactor.
type onReactor struct {
	context.Context
	site async.Site
}

func (c *onReactor) AsyncSite() async.Site { return c.site }

func ready(context.Context) async.Future[int] { return async.Ready(1) }
func works(context.Context) (int, error)      { return 1, nil }

func BenchmarkOursReady(b *testing.B) {
	p := whole()
	ctx := &onReactor{context.Background(), async.Site{Scheduler: &coarse{async.Background(), time.Now()}, Direct: true}}
	b.ReportAllocs()
	for b.Loop() {
		p.DoFuture(ctx, ready)
	}
}

func BenchmarkOursReadyGoroutine(b *testing.B) {
	p, ctx := whole(), context.Background()
	b.ReportAllocs()
	for b.Loop() {
		p.DoFuture(ctx, ready)
	}
}

func BenchmarkOursDo(b *testing.B) {
	p, ctx := whole(), context.Background()
	b.ReportAllocs()
	for b.Loop() {
		_, _ = p.Do(ctx, works)
	}
}

func BenchmarkNow(b *testing.B) {
	for b.Loop() {
		_ = time.Now()
	}
}

func BenchmarkFailsafeGet(b *testing.B) {
	executor := failsafe.With[int](
		timeout.New[int](2*time.Second), retrypolicy.NewWithDefaults[int](), circuitbreaker.NewWithDefaults[int](), timeout.New[int](time.Second),
	)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = executor.Get(func() (int, error) { return 1, nil })
	}
}

func BenchmarkOursPermit(b *testing.B) {
	breaker, ctx := resilience.NewBreaker("b", resilience.BreakerConfig{}), context.Background()
	b.ReportAllocs()
	for b.Loop() {
		permit, _ := breaker.Allow(ctx)
		permit.Done(nil)
	}
}

func BenchmarkOursRate(b *testing.B) {
	breaker, ctx := resilience.NewBreaker("b", resilience.BreakerConfig{Rate: 0.5}), context.Background()
	b.ReportAllocs()
	for b.Loop() {
		permit, _ := breaker.Allow(ctx)
		permit.Done(nil)
	}
}

func BenchmarkFailsafePermit(b *testing.B) {
	breaker := circuitbreaker.NewBuilder[int]().WithFailureThreshold(5).Build()
	b.ReportAllocs()
	for b.Loop() {
		breaker.TryAcquirePermit()
		breaker.RecordSuccess()
	}
}

func BenchmarkFailsafeRate(b *testing.B) {
	breaker := circuitbreaker.NewBuilder[int]().WithFailureRateThreshold(0.5, 20, 10*time.Second).Build()
	b.ReportAllocs()
	for b.Loop() {
		breaker.TryAcquirePermit()
		breaker.RecordSuccess()
	}
}
