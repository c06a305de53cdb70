package redisrate_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/middleware/redisrate"
	"github.com/fasterapi/fasterapi/resilience"
)

// tenantKey is the context key of who pays.
type tenantKey struct{}

func tenant(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, tenantKey{}, name)
}

// shared are the limiters of two processes, for calls of one supplier, on buckets in one Redis.
func shared(name string, cfg resilience.LimiterConfig, buckets func() middleware.Limiter) [2]*resilience.Limiter {
	var two [2]*resilience.Limiter
	for i := range two {
		cfg.Buckets = buckets()
		two[i] = resilience.NewLimiter(name, cfg)
	}
	return two
}

// TestLimiterOfProcesses: limiters of package resilience count together in Redis, by key; who waits gets in as fast as the limit says for
// all, and who cannot wait so long is told when to come. Without Redis calls pass, are counted as such; with it they count again.
func TestLimiterOfProcesses(t *testing.T) {
	client, stop := startRedis(t)
	remote := &remoteClient{Client: client}
	cfg := redisrate.Config{Timeout: 20 * time.Second}
	const lease = 100 * time.Millisecond
	for name, buckets := range map[string]func() middleware.Limiter{
		"New": func() middleware.Limiter { return redisrate.New(remote, cfg) },
		"NewLeased": func() middleware.Limiter {
			return redisrate.NewLeased(remote, redisrate.LeasedConfig{Config: cfg, Lease: lease})
		},
	} {
		t.Run(name, func(t *testing.T) {
			key := func(ctx context.Context) string { who, _ := ctx.Value(tenantKey{}).(string); return name + who }
			limit := resilience.Limit{Requests: 50, Window: time.Second, Burst: 5}
			waiting := shared("waits", resilience.LimiterConfig{Limit: limit, Wait: time.Minute, Key: key}, buckets)
			const calls = 30
			var all sync.WaitGroup
			begun := time.Now()
			for i := range calls {
				all.Go(func() {
					if _, err := waiting[i%2].Enter(t.Context()).Await(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			// Redis counts in its own time, and a lease may be spent after it.
			least := time.Duration(calls-limit.Burst)*limit.Interval() - lease - limit.Interval()
			require.GreaterOrEqual(t, time.Since(begun), least, "%d calls came too soon", calls)
			require.EqualValues(t, calls, waiting[0].Stats().Passed+waiting[1].Stats().Passed)
			require.Zero(t, waiting[0].Stats().Broken+waiting[1].Stats().Broken)

			seldom := resilience.Limit{Requests: 2, Window: 2 * time.Hour, Burst: 3}
			two := shared("refuses", resilience.LimiterConfig{Limit: seldom, Key: key, Wait: time.Minute}, buckets)
			passed := 0
			for i := range 10 {
				_, err := two[i%2].Enter(tenant(t.Context(), "one")).Await(t.Context())
				if err == nil {
					passed++
					continue
				}
				refusal, ok := errors.AsType[*resilience.Refusal](err)
				require.True(t, ok, err)
				require.ErrorIs(t, err, resilience.ErrLimited)
				require.InDelta(t, time.Hour, refusal.After, float64(5*time.Minute), "at once, and not after a minute")
			}
			require.Equal(t, seldom.Burst, passed, "by both")
			_, err := two[0].Enter(tenant(t.Context(), "two")).Await(t.Context())
			require.NoError(t, err, "a key of its own")
			require.EqualValues(t, 10-passed, two[0].Stats().Refused+two[1].Stats().Refused)

			remote.away.Store(true)
			const lost = 5
			for range lost {
				require.Eventually(t, func() bool { // a lease that knows of no token says so until it may ask
					before := two[0].Stats().Broken
					_, err := two[0].Enter(tenant(t.Context(), "three")).Await(t.Context())
					return err == nil && two[0].Stats().Broken == before+1
				}, 20*time.Second, time.Millisecond)
			}
			require.EqualValues(t, lost, two[0].Stats().Broken)
			remote.away.Store(false)
			_, err = two[1].Enter(tenant(t.Context(), "one")).Await(t.Context())
			require.ErrorIs(t, err, resilience.ErrLimited, "it has not forgotten")
		})
	}
	stop()
	dead := resilience.NewLimiter("dead", resilience.LimiterConfig{
		Limit: resilience.Limit{Requests: 1, Window: time.Hour}, Buckets: redisrate.New(client, redisrate.Config{Timeout: 20 * time.Millisecond}),
	})
	for n := range 3 {
		_, err := dead.Enter(t.Context()).Await(t.Context())
		require.NoError(t, err)
		require.Equal(t, resilience.LimiterStats{Name: "dead", Passed: int64(n + 1), Broken: int64(n + 1)}, dead.Stats())
	}
}
