package redisrate_test

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/middleware/redisrate"
)

// core is a place with a number, as a reactor is.
type core struct {
	async.Scheduler
	n int
}

func (c *core) Core() int { return c.n }

func onCore(t context.Context, n int) context.Context {
	return async.WithSite(t, async.Site{Scheduler: &core{async.Background(), n}})
}

// scripts is how many scripts Redis has run.
func scripts(t require.TestingT, client rueidis.Client) int {
	info, err := client.Do(context.Background(), client.B().Info().Section("commandstats").Build()).ToString()
	require.NoError(t, err)
	sum := 0
	for _, m := range regexp.MustCompile(`cmdstat_eval(?:sha)?:calls=(\d+)`).FindAllStringSubmatch(info, -1) {
		n, _ := strconv.Atoi(m[1])
		sum += n
	}
	return sum
}

// TestLeasedBound: whatever several processes with several cores ask for, in no time w pass more than Burst + (w + Lease) x Requests / Window,
// and those who ask all the time get most of what the bucket has.
func TestLeasedBound(t *testing.T) {
	client, _ := startRedis(t)
	var round atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		limit := middleware.Limit{
			Requests: rapid.IntRange(50, 2000).Draw(rt, "requests"), Window: time.Second, Burst: rapid.IntRange(1, 100).Draw(rt, "burst"),
		}
		lease := time.Duration(rapid.IntRange(10, 60).Draw(rt, "lease")) * time.Millisecond
		key := "bound" + strconv.FormatInt(round.Add(1), 10)
		var mu sync.Mutex
		var passed [][2]time.Time // from the call to its return
		var all sync.WaitGroup
		end := time.Now().Add(15 * time.Millisecond)
		for range rapid.IntRange(1, 3).Draw(rt, "processes") {
			limiter := redisrate.NewLeased(client, redisrate.LeasedConfig{Lease: lease, Part: rapid.IntRange(1, 10).Draw(rt, "part"), Config: redisrate.Config{Timeout: time.Minute}})
			for n := range rapid.IntRange(1, 2).Draw(rt, "cores") {
				pause := time.Duration(rapid.IntRange(0, 500).Draw(rt, "pause")) * time.Microsecond
				all.Go(func() {
					ctx := onCore(context.Background(), n)
					for i := 0; i < 10 || time.Now().Before(end); i++ {
						time.Sleep(pause)
						called := time.Now()
						d, err := limiter.Take(ctx, key, limit).Await(ctx)
						switch {
						case err != nil:
							t.Error(err)
							return
						case d.OK:
							mu.Lock()
							passed = append(passed, [2]time.Time{called, time.Now()})
							mu.Unlock()
						default:
							require.LessOrEqual(rt, d.Remaining, 0)
						}
					}
				})
			}
		}
		all.Wait()
		slices.SortFunc(passed, func(a, b [2]time.Time) int { return a[1].Compare(b[1]) })
		for _, first := range passed {
			n := 0 // those that passed for sure between first[0] and last[1]
			for _, last := range passed {
				if !last[0].Before(first[0]) {
					n++
					w := last[1].Sub(first[0]) + lease
					require.LessOrEqual(rt, n, limit.Burst+int(w/limit.Interval())+1)
				}
			}
		}
		require.NotEmpty(rt, passed)
	})
}

// TestLeasedSaves: a busy key costs few round trips, and all who ask get what the bucket has.
func TestLeasedSaves(t *testing.T) {
	client, _ := startRedis(t)
	limiter := redisrate.NewLeased(client, redisrate.LeasedConfig{Config: redisrate.Config{Timeout: time.Minute}})
	limit := middleware.Limit{Requests: 100_000, Window: time.Second, Burst: 100_000}
	before := scripts(t, client)
	const each = 10_000
	var ok, ready atomic.Int64
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			ctx := onCore(t.Context(), n)
			for range each {
				future := limiter.Take(ctx, "busy", limit)
				if future.Ready() {
					ready.Add(1)
				}
				if d, err := future.Await(ctx); err == nil && d.OK {
					ok.Add(1)
				}
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 4*each, ok.Load())
	calls := scripts(t, client) - before
	require.Less(t, calls, 4*each/20, "round trips for %d requests", 4*each)
	require.Greater(t, ready.Load(), int64(4*each*9/10))
	t.Logf("%d requests, %d round trips, %d without waiting", 4*each, calls, ready.Load())
}

// TestLeasedRefuses: an empty bucket refuses without asking again before it can have a token, and what Retry promises comes true. A seldom used key is exact.
func TestLeasedRefuses(t *testing.T) {
	client, stop := startRedis(t)
	cfg := redisrate.LeasedConfig{Config: redisrate.Config{Timeout: 10 * time.Second}}
	first, second := redisrate.NewLeased(client, cfg), redisrate.NewLeased(client, cfg)
	limit := middleware.Limit{Requests: 1, Window: 2 * time.Second, Burst: 3}
	ctx := t.Context()
	for i, limiter := range []middleware.Limiter{first, second, redisrate.New(client, cfg.Config)} {
		d, err := limiter.Take(ctx, "seldom", limit).Await(ctx)
		require.NoError(t, err)
		require.True(t, d.OK)
		require.Equal(t, 2-i, d.Remaining)
	}
	d, err := first.Take(ctx, "seldom", limit).Await(ctx)
	require.NoError(t, err)
	require.False(t, d.OK)
	require.Positive(t, d.Retry)
	before := scripts(t, client)
	for range 100 {
		again := first.Take(ctx, "seldom", limit)
		if d, err := again.Await(ctx); err != nil || d.OK {
			break // the machine was busy for two seconds
		}
	}
	require.LessOrEqual(t, scripts(t, client)-before, 2)
	require.Eventually(t, func() bool {
		d, err := second.Take(ctx, "seldom", limit).Await(ctx)
		require.NoError(t, err)
		return d.OK
	}, time.Minute, 10*time.Millisecond)

	stop()
	_, err = redisrate.NewLeased(client, redisrate.LeasedConfig{Config: redisrate.Config{Timeout: 50 * time.Millisecond}}).Take(ctx, "other", limit).Await(ctx)
	require.Error(t, err)
	require.ErrorContains(t, redisrate.NewLeased(client, redisrate.LeasedConfig{Lease: 1, Part: -1}).Mistake(), "Part")
}

// TestLeasedApp: the middleware works with it over every engine.
func TestLeasedApp(t *testing.T) {
	client, _ := startRedis(t)
	var round atomic.Int64
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
		app := fasterapi.New(cfg)
		name := strconv.FormatInt(round.Add(1), 10)
		app.Use(middleware.RateLimit(middleware.RateLimitConfig{
			Limit: middleware.Limit{Requests: 5, Window: time.Hour}, Key: func(*fasterapi.Ctx) string { return name },
			Limiter: redisrate.NewLeased(client, redisrate.LeasedConfig{Config: redisrate.Config{Timeout: time.Minute}}),
		}))
		hello := func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "hello", nil }
		app.Get("/", hello)
		app.Get("/reactor", hello, fasterapi.OnReactor())
		return app
	}, func(t *testing.T, c *fasterapitest.Client) {
		for i := range 5 {
			c.Get([]string{"/", "/reactor"}[i%2]).Expect(200)
		}
		require.NotEmpty(t, c.Get("/reactor").Expect(429).Header.Get("Retry-After"))
	})
}
