package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/reactor"
)

// clock is a manual clock.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// bucket is the model: a token bucket as textbooks have it. It counts tokens in
// the time in which they grow, so that it is exact.
type bucket struct {
	grown time.Duration
	at    time.Time
}

func (b *bucket) take(now time.Time, limit middleware.Limit) bool {
	b.grown = min(limit.Interval()*time.Duration(limit.Burst), b.grown+now.Sub(b.at))
	b.at = now
	if b.grown < limit.Interval() {
		return false
	}
	b.grown -= limit.Interval()
	return true
}

// TestLocalIsATokenBucket compares with the model, for several keys; what a
// decision promises must come true.
func TestLocalIsATokenBucket(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := middleware.Limit{
			Requests: rapid.IntRange(1, 50).Draw(t, "requests"),
			Window:   time.Duration(rapid.IntRange(1, 5000).Draw(t, "window")) * time.Millisecond,
			Burst:    rapid.IntRange(1, 60).Draw(t, "burst"),
		}
		at := &clock{now: time.Unix(1000, 0)}
		local := middleware.NewLocal(middleware.LocalConfig{Now: at.Now})
		models := map[string]*bucket{}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			at.advance(time.Duration(rapid.IntRange(0, int(2*limit.Interval())).Draw(t, "pause")))
			key := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key")
			if models[key] == nil {
				models[key] = &bucket{grown: limit.Interval() * time.Duration(limit.Burst), at: at.Now()}
			}
			model := models[key]
			d, err := local.Take(t.Context(), key, limit).Await(t.Context())
			require.NoError(t, err)
			require.Equal(t, model.take(at.Now(), limit), d.OK)
			if d.OK {
				require.EqualValues(t, model.grown/limit.Interval(), d.Remaining)
				continue
			}
			require.Positive(t, d.Retry)
			at.advance(d.Retry)
			d, err = local.Take(t.Context(), key, limit).Await(t.Context())
			require.NoError(t, err)
			require.True(t, d.OK, "Retry says when")
			require.True(t, model.take(at.Now(), limit))
		}
	})
}

// TestLocalForgets: the number of buckets is bounded, and an attacker with many
// keys does not free a bucket that is empty.
func TestLocalForgets(t *testing.T) {
	at := &clock{now: time.Unix(1000, 0)}
	local := middleware.NewLocal(middleware.LocalConfig{Now: at.Now, Keys: 640})
	limit := middleware.Limit{Requests: 10, Window: time.Hour, Burst: 10}
	for range 10 {
		local.Take(t.Context(), "victim", limit)
	}
	for i := range 100_000 {
		local.Take(t.Context(), fmt.Sprint(i), limit)
	}
	require.LessOrEqual(t, local.Len(), 640+64)
	d, err := local.Take(t.Context(), "victim", limit).Await(t.Context())
	require.NoError(t, err)
	require.False(t, d.OK, "the emptiest bucket stays")
	at.advance(2 * time.Hour)
	for i := range 5000 {
		local.Take(t.Context(), fmt.Sprint("new", i), limit)
		at.advance(time.Hour)
	}
	require.Less(t, local.Len(), 200, "full buckets are dropped")
}

func TestRateLimit(t *testing.T) {
	at := &clock{now: time.Unix(1000, 0)}
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.RateLimit(middleware.RateLimitConfig{
			Limit:   middleware.Limit{Requests: 2, Window: 10 * time.Second},
			Key:     func(c *fasterapi.Ctx) string { return c.Header("Who") },
			Limiter: middleware.NewLocal(middleware.LocalConfig{Now: at.Now}),
		}))
		answering(app, "/", hello)
	}, func(t *testing.T, s service) {
		for _, style := range styles {
			for i := range 4 {
				a := s.get(style, "Who", style)
				require.Equal(t, `"default";q=2;w=10`, a.header.Get("RateLimit-Policy"))
				if i < 2 {
					require.Equal(t, http.StatusOK, a.status)
					require.Equal(t, fmt.Sprintf(`"default";r=%d;t=%d`, 1-i, 5*(i+1)), a.header.Get("RateLimit"))
					continue
				}
				require.Equal(t, http.StatusTooManyRequests, a.status)
				require.Equal(t, "5", a.header.Get("Retry-After"))
			}
			require.Equal(t, http.StatusOK, s.get(style).status, "no key")
		}
		at.advance(5 * time.Second)
		for _, style := range styles {
			require.Equal(t, http.StatusOK, s.get(style, "Who", style).status)
			require.Equal(t, http.StatusTooManyRequests, s.get(style, "Who", style).status)
		}
		at.advance(time.Hour)
	})
}

// brokenLimiter fails, later.
type brokenLimiter struct{}

func (brokenLimiter) Take(ctx context.Context, _ string, _ middleware.Limit) async.Future[middleware.Decision] {
	return async.Go(ctx, func(context.Context) (middleware.Decision, error) {
		return middleware.Decision{}, errors.New("no connection to secret-host")
	})
}

func TestRateLimiterFails(t *testing.T) {
	limit := middleware.Limit{Requests: 1, Window: time.Second}
	everyMode(t, func(app *fasterapi.App) {
		open, closed := app.Group(""), app.Group("")
		open.Use(middleware.RateLimit(middleware.RateLimitConfig{Limit: limit, Limiter: brokenLimiter{}}))
		answeringIn(open, "/open", hello)
		closed.Use(middleware.RateLimit(middleware.RateLimitConfig{Limit: limit, Limiter: brokenLimiter{}, FailClosed: true}))
		answeringIn(closed, "/closed", hello)
	}, func(t *testing.T, s service) {
		for _, style := range styles {
			require.Equal(t, http.StatusOK, s.get(style+"/open").status)
			a := s.get(style + "/closed")
			require.Equal(t, http.StatusServiceUnavailable, a.status)
			require.Equal(t, "1", a.header.Get("Retry-After"))
			require.NotContains(t, a.body, "secret-host")
		}
		require.Contains(t, s.log.String(), "secret-host")
	})
}

// TestPerCore: requests of one core share a bucket.
func TestPerCore(t *testing.T) {
	local := middleware.NewLocal(middleware.LocalConfig{PerCore: true})
	everyMode(t, func(app *fasterapi.App) {
		app.Use(middleware.RateLimit(middleware.RateLimitConfig{Limit: middleware.Limit{Requests: 2, Window: time.Hour}, Limiter: local}))
		answering(app, "/", hello)
	}, func(t *testing.T, s service) {
		passed := 0
		for range 20 {
			if s.get("/coroutine").status == http.StatusOK {
				passed++
			}
		}
		require.LessOrEqual(t, passed, 8, "four cores")
	})
	require.LessOrEqual(t, local.Len(), 4)
	for _, limit := range []middleware.Limit{{}, {Requests: 1}, {Requests: -1, Window: 1}, {Requests: 10, Window: 1}} {
		refused(t, middleware.RateLimit(middleware.RateLimitConfig{Limit: limit}), "middleware.RateLimit (", "ratelimit_test.go:")
	}
}

// onCore is a context of something that runs on a reactor.
type onCore struct {
	context.Context
	reactor *reactor.Reactor
}

func (c onCore) AsyncSite() async.Site { return async.Site{Scheduler: c.reactor} }

// TestPerCoreBuckets: each core counts by itself, and all cores together keep as
// many buckets as there may be.
func TestPerCoreBuckets(t *testing.T) {
	app := fasterapi.New(fasterapi.Config{Cores: 2})
	fasterapitest.New(t, app)
	local := middleware.NewLocal(middleware.LocalConfig{PerCore: true, Keys: 200})
	once := middleware.Limit{Requests: 1, Window: time.Hour}
	for core := range 2 {
		ctx := onCore{t.Context(), app.Reactors().Reactor(core)}
		for i := range 500 {
			d, err, ready := local.Take(ctx, fmt.Sprint("key", i), once).Result()
			require.True(t, ready && err == nil && d.OK, "core %d, key %d: %v", core, i, err)
		}
		require.Equal(t, 100*(core+1), local.Len())
		d, _, _ := local.Take(ctx, "key499", once).Result()
		require.False(t, d.OK, "the last one is known")
	}
}

func BenchmarkLocal(b *testing.B) {
	local := middleware.NewLocal(middleware.LocalConfig{})
	limit := middleware.Limit{Requests: 1000, Window: time.Second, Burst: 1000}
	keys := make([]string, 1000)
	for i := range keys {
		keys[i] = fmt.Sprintf("192.0.2.%d", i)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		local.Take(b.Context(), keys[i%1000], limit)
		i++
	}
}
