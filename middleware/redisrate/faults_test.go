package redisrate_test

import (
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/client/redisclient"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/internal/test/leaks"
	"github.com/fasterapi/fasterapi/internal/test/redistest"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/middleware/redisrate"
)

// TestRedisFaults: with a Redis that is killed and started again, full, slow, silent, cut off, or answers nonsense, requests are answered in time: they
// pass, or, where the limit must hold, get a 503 that says when to come again. When Redis is well it counts again, and nothing is left behind.
func TestRedisFaults(t *testing.T) {
	current := goleak.IgnoreCurrent()
	t.Cleanup(func() { leaks.None(t, current) })
	server := redistest.Start(t)
	client, err := redisclient.Open(server.URL())
	require.NoError(t, err)
	t.Cleanup(client.Close)
	const timeout = redistest.Slow / 3
	limiters := map[string]middleware.Limiter{
		"New":       redisrate.New(client, redisrate.Config{Timeout: timeout}),
		"NewLeased": redisrate.NewLeased(client, redisrate.LeasedConfig{Lease: 10 * time.Millisecond, Config: redisrate.Config{Timeout: timeout}}),
	}
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 2, Logger: slog.New(slog.DiscardHandler)})
	var round atomic.Int64
	for name, limiter := range limiters {
		for _, closed := range []bool{false, true} {
			g := app.Group("/"+name+"/"+strconv.FormatBool(closed), fasterapi.Use(middleware.RateLimit(middleware.RateLimitConfig{
				Limit: middleware.Limit{Requests: 1_000_000, Window: time.Second}, Limiter: limiter, FailClosed: closed,
				Key: func(*fasterapi.Ctx) string { return strconv.FormatInt(round.Add(1), 10) }, // nothing is known in advance
			})))
			g.Get("/", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "passed", nil }, fasterapi.OnReactor())
		}
	}
	c := fasterapitest.New(t, app)
	counted := func(path string) bool {
		r := c.Get(path)
		return r.Status == http.StatusOK && r.Header.Get("RateLimit") != ""
	}
	well := func() bool {
		for limiter := range limiters {
			if !counted("/"+limiter+"/false") || !counted("/"+limiter+"/true") {
				return false
			}
		}
		return true
	}
	server.Suffer(t, well, func(t *testing.T, f redistest.Fault) {
		for limiter := range limiters {
			for range 2 {
				require.Equal(t, "passed", c.Get("/"+limiter+"/false").Expect(200).Text(), limiter)
				switch r := c.Get("/" + limiter + "/true"); r.Status {
				case http.StatusServiceUnavailable:
					require.NotEmpty(t, r.Header.Get("Retry-After"))
				case http.StatusOK: // it had counted all the same
					require.False(t, f.Lasts || f.Full, limiter)
					require.NotEmpty(t, r.Header.Get("RateLimit"))
				default:
					t.Errorf("%s: %d %s", limiter, r.Status, r.Body)
				}
			}
		}
	})
}

// TestStrangeBuckets: a key that holds no time, or one that is further away than an empty bucket needs, as that of a Redis whose clock was
// set back, keeps nobody out for longer than an empty bucket does.
func TestStrangeBuckets(t *testing.T) {
	client, _ := startRedis(t)
	cfg := redisrate.Config{Timeout: 20 * time.Second}
	limit := middleware.Limit{Requests: 2, Window: 2 * time.Hour, Burst: 3}
	far := strconv.FormatInt(time.Now().Add(1000*time.Hour).UnixMicro(), 10)
	for name, limiter := range map[string]middleware.Limiter{
		"New": redisrate.New(client, cfg), "NewLeased": redisrate.NewLeased(client, redisrate.LeasedConfig{Config: cfg}),
	} {
		for _, strange := range []string{"", "soon", "nan", "-1", "-inf"} {
			key := name + strange
			require.NoError(t, client.Do(t.Context(), client.B().Set().Key("ratelimit:"+key).Value(strange).Build()).Error())
			d, err := limiter.Take(t.Context(), key, limit).Await(t.Context())
			require.NoError(t, err, "%s, %q", name, strange)
			require.True(t, d.OK, "%s, %q: as a full bucket", name, strange)
			require.Equal(t, 2, d.Remaining, "%s, %q", name, strange)
			left, err := client.Do(t.Context(), client.B().Pttl().Key("ratelimit:"+key).Build()).AsInt64()
			require.NoError(t, err)
			require.Positive(t, left, "it expires")
		}
		for _, strange := range []string{far, "inf", "1e300"} {
			key := name + strange
			require.NoError(t, client.Do(t.Context(), client.B().Set().Key("ratelimit:"+key).Value(strange).Build()).Error())
			d, err := limiter.Take(t.Context(), key, limit).Await(t.Context())
			require.NoError(t, err, "%s, %q", name, strange)
			require.False(t, d.OK, "%s, %q: as an empty bucket", name, strange)
			require.InDelta(t, time.Hour, d.Retry, float64(time.Minute), "%s, %q", name, strange)
			require.InDelta(t, 3*time.Hour, d.Reset, float64(time.Minute), "%s, %q", name, strange)
		}
	}
}
