package redisrate_test

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/middleware/redisrate"
)

// disturbed are connections to a Redis whose answers a test delays, holds back or garbles.
//
// Owner: mu; the rest: any (atomic).
type disturbed struct {
	delay           atomic.Int64 // ns
	silent, garbage atomic.Bool
	mu              sync.Mutex
	conns           []net.Conn
}

// dial is a rueidis.ClientOption.DialCtxFn.
func (d *disturbed) dial(ctx context.Context, addr string, dialer *net.Dialer, _ *tls.Config) (net.Conn, error) {
	up, err := dialer.DialContext(ctx, "unix", addr)
	if err != nil {
		return nil, err
	}
	near, far := net.Pipe()
	d.mu.Lock()
	d.conns = append(d.conns, up, near)
	d.mu.Unlock()
	go func() {
		_, _ = io.Copy(up, far)
		_ = up.Close()
	}()
	go func() {
		defer far.Close()
		defer up.Close()
		buf := make([]byte, 64<<10)
		for {
			n, err := up.Read(buf)
			if err != nil {
				return
			}
			time.Sleep(time.Duration(d.delay.Load()))
			for d.silent.Load() {
				time.Sleep(time.Millisecond)
			}
			if d.garbage.Load() {
				for i := range buf[:n] {
					buf[i] ^= byte(i*31 + 7)
				}
			}
			if _, err := far.Write(buf[:n]); err != nil {
				return
			}
		}
	}()
	return near, nil
}

// cut ends all connections.
func (d *disturbed) cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.conns {
		_ = c.Close()
	}
	d.conns = nil
}

// TestRedisFaults: with a Redis that is full, slow, silent, or answers garbage, requests are answered in time: they pass, or, where the limit
// must hold, get a 503 that says when to come again. When Redis is well it counts again.
func TestRedisFaults(t *testing.T) {
	plain, _, socket := startRedisAt(t)
	d := &disturbed{}
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{socket}, DialCtxFn: d.dial, DisableCache: true, DisableRetry: true,
		ConnWriteTimeout: 2 * time.Second, // after which a silent connection is given up
	})
	require.NoError(t, err)
	t.Cleanup(func() { d.silent.Store(false); d.cut(); client.Close() })
	admin := func(args ...string) {
		require.NoError(t, plain.Do(t.Context(), plain.B().Arbitrary(args...).Build()).Error())
	}
	const timeout = 100 * time.Millisecond
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
	for name, fault := range map[string]struct{ begin, end func() }{
		"full":    {func() { admin("CONFIG", "SET", "maxmemory", "1") }, func() { admin("CONFIG", "SET", "maxmemory", "0") }},
		"slow":    {func() { d.delay.Store(int64(300 * time.Millisecond)) }, func() { d.delay.Store(0) }},
		"silent":  {func() { d.silent.Store(true) }, func() { d.silent.Store(false) }},
		"garbage": {func() { d.garbage.Store(true) }, func() { d.garbage.Store(false) }},
		"cut":     {d.cut, func() {}},
	} {
		t.Run(name, func(t *testing.T) {
			for limiter := range limiters {
				open, closed := "/"+limiter+"/false", "/"+limiter+"/true"
				require.Eventually(t, func() bool { return counted(open) && counted(closed) }, time.Minute, time.Millisecond, limiter)
				fault.begin()
				for range 2 {
					require.Equal(t, "passed", c.Get(open).Expect(200).Text(), limiter)
					switch r := c.Get(closed); r.Status {
					case http.StatusServiceUnavailable:
						require.NotEmpty(t, r.Header.Get("Retry-After"))
					case http.StatusOK: // it had counted all the same
						require.Equal(t, "cut", name, limiter)
						require.NotEmpty(t, r.Header.Get("RateLimit"))
					default:
						t.Errorf("%s: %d %s", limiter, r.Status, r.Body)
					}
				}
				fault.end()
				require.Eventually(t, func() bool { return counted(open) && counted(closed) }, time.Minute, time.Millisecond, "%s: well again", limiter)
			}
		})
	}
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
