package resilience_test

import (
	"context"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/resilience"
)

// The bars: retries, timeouts and a breaker around a ready future within 250 ns and one
// allocation, a breaker alone within 20 ns. Beside failsafe-go: bench/resilience.

func whole() *resilience.Policy {
	return resilience.New("whole", resilience.Config{
		Timeout: 2 * time.Second, AttemptTimeout: time.Second, Retry: resilience.Retry{Idempotent: true},
		Breaker: resilience.NewBreaker("whole", resilience.BreakerConfig{}),
	})
}

func ready(context.Context) async.Future[int] { return async.Ready(1) }

func BenchmarkPolicyReady(b *testing.B) {
	p, ctx := whole(), context.Background()
	b.ReportAllocs()
	for b.Loop() {
		p.DoFuture(ctx, ready)
	}
}

func BenchmarkPolicyDo(b *testing.B) {
	p, ctx := whole(), context.Background()
	b.ReportAllocs()
	for b.Loop() {
		_, _ = p.Do(ctx, works)
	}
}

func BenchmarkBreakerPermit(b *testing.B) {
	breaker, ctx := resilience.NewBreaker("b", resilience.BreakerConfig{}), context.Background()
	b.ReportAllocs()
	for b.Loop() {
		permit, _ := breaker.Allow(ctx)
		permit.Done(nil)
	}
}

func BenchmarkBreakerRate(b *testing.B) {
	breaker, ctx := resilience.NewBreaker("b", resilience.BreakerConfig{Rate: 0.5}), context.Background()
	b.ReportAllocs()
	for b.Loop() {
		permit, _ := breaker.Allow(ctx)
		permit.Done(nil)
	}
}
