package resilience_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/resilience"
)

// A hedge whose function ends its goroutine fails, and does not leave the call pending.
func TestHedgeEndsItsGoroutine(t *testing.T) {
	p := resilience.New("p", resilience.Config{Hedge: resilience.Hedge{After: time.Millisecond}, Retry: resilience.Retry{Attempts: 1, Idempotent: true}})
	var mu sync.Mutex
	calls := 0
	first, slow := async.NewPromise[int](nil)
	f := p.DoFuture(t.Context(), func(context.Context) async.Future[int] {
		mu.Lock()
		calls++
		hedge := calls == 2
		mu.Unlock()
		if hedge {
			first.Post(0, errBad)
			runtime.Goexit()
		}
		return slow
	})
	_, err := f.Await(t.Context())
	require.Error(t, err)
}

// Whatever many callers on many goroutines do, every place is free and every goroutine gone in the
// end (TestMain), and the breaker lets calls through again.
func TestManyCallers(t *testing.T) {
	places := resilience.NewBulkhead("places", resilience.BulkheadConfig{Concurrent: 4, Queue: 8, Wait: 5 * time.Millisecond})
	breaker := resilience.NewBreaker("breaker", resilience.BreakerConfig{
		Failures: 3, Rate: 0.5, Minimum: 5, OpenFor: time.Millisecond, Probes: 2, ProbeLimit: 5 * time.Millisecond,
	})
	p := resilience.New("p", resilience.Config{
		Limiter:  resilience.NewLimiter("limit", resilience.LimiterConfig{Limit: resilience.Limit{Requests: 1_000_000, Window: time.Second}}),
		Bulkhead: places, Timeout: 5 * time.Millisecond, AttemptTimeout: time.Millisecond, Breaker: breaker,
		Retry: resilience.Retry{Attempts: 3, Idempotent: true, Backoff: async.Backoff{First: 100 * time.Microsecond}},
		Hedge: resilience.Hedge{After: 200 * time.Microsecond},
	})
	straight := resilience.New("straight", resilience.Config{Bulkhead: places, Breaker: breaker, AttemptTimeout: time.Millisecond})
	var all sync.WaitGroup
	for worker := range 16 {
		all.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(worker), 1))
			for range 60 {
				ctx, leave := context.WithTimeout(t.Context(), time.Duration(rng.IntN(4000))*time.Microsecond)
				d, fails := time.Duration(rng.IntN(1500))*time.Microsecond, rng.IntN(4) == 0
				if rng.IntN(2) == 0 {
					f := p.DoFuture(ctx, func(ctx context.Context) async.Future[int] {
						return async.Sleep(ctx, d).ThenErr(func(struct{}) (int, error) {
							if fails {
								return 0, errBad
							}
							return 1, nil
						})
					})
					if d%3 == 0 {
						f.Cancel()
					}
					_, _ = f.Await(ctx)
				} else {
					_, _ = straight.Do(ctx, func(ctx context.Context) (int, error) {
						if fails {
							return 0, errBad
						}
						_, err := async.Sleep(ctx, d).Await(ctx)
						return 1, err
					})
				}
				leave()
			}
		})
	}
	all.Wait()
	require.Eventually(t, func() bool { s := places.Stats(); return s.Free == 4 && s.Waiting == 0 }, 10*time.Second, time.Millisecond)
	require.Eventually(t, func() bool {
		_, _ = breaker.Do(t.Context(), works)
		return breaker.State() == resilience.Closed
	}, 10*time.Second, time.Millisecond)
}
