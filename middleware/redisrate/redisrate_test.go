package redisrate_test

import (
	"context"
	"crypto/tls"
	"net"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/test/needs"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/middleware/redisrate"
)

// startRedis starts a Redis that listens on a unix socket only.
func startRedis(t *testing.T) (client rueidis.Client, stop func()) {
	t.Helper()
	client, stop, _ = startRedisAt(t)
	return client, stop
}

// startRedisAt is startRedis, and where the socket is.
func startRedisAt(t *testing.T) (client rueidis.Client, stop func(), socket string) {
	t.Helper()
	server := needs.Program(t, "redis-server", "valkey-server")
	dir := t.TempDir()
	socket = filepath.Join(dir, "redis.sock")
	cmd := exec.Command(server, "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", dir)
	require.NoError(t, cmd.Start())
	stop = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	t.Cleanup(stop)
	require.Eventually(t, func() bool {
		conn, err := net.Dial("unix", socket)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	}, 10*time.Second, 10*time.Millisecond)
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{socket},
		DialCtxFn: func(ctx context.Context, addr string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
			return d.DialContext(ctx, "unix", addr)
		},
		DisableCache: true, DisableRetry: true,
	})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client, stop, socket
}

// TestTake: many clients of two limiters never get more than the bucket holds,
// and what Retry promises comes true.
func TestTake(t *testing.T) {
	client, stop := startRedis(t)
	limit := middleware.Limit{Requests: 10, Window: 10 * time.Second, Burst: 20}
	patient := redisrate.Config{Timeout: 10 * time.Second} // the default is for a machine that has nothing else to do
	first, second := redisrate.New(client, patient), redisrate.New(client, patient)
	begin := time.Now()
	var passed atomic.Int64
	var all sync.WaitGroup
	for i := range 60 {
		limiter := first
		if i%2 == 1 {
			limiter = second
		}
		all.Go(func() {
			d, err := limiter.Take(t.Context(), "key", limit).Await(t.Context())
			if err == nil && d.OK {
				passed.Add(1)
			}
		})
	}
	all.Wait()
	grown := int64(time.Since(begin) / limit.Interval())
	require.GreaterOrEqual(t, passed.Load(), int64(20))
	require.LessOrEqual(t, passed.Load(), 20+grown+1)

	d, err := first.Take(t.Context(), "key", limit).Await(t.Context())
	require.NoError(t, err)
	require.False(t, d.OK)
	require.Positive(t, d.Retry)
	require.LessOrEqual(t, d.Retry, limit.Interval())
	require.InDelta(t, 20*time.Second, d.Reset, float64(time.Second))
	time.Sleep(d.Retry + time.Millisecond) // Redis has a clock of its own
	d, err = second.Take(t.Context(), "key", limit).Await(t.Context())
	require.NoError(t, err)
	require.True(t, d.OK)
	d, err = first.Take(t.Context(), "other", limit).Await(t.Context())
	require.NoError(t, err)
	require.Equal(t, 19, d.Remaining)

	keys, err := client.Do(t.Context(), client.B().Keys().Pattern("ratelimit:*").Build()).AsStrSlice()
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"ratelimit:key", "ratelimit:other"}, keys)
	left, err := client.Do(t.Context(), client.B().Pttl().Key("ratelimit:key").Build()).AsInt64()
	require.NoError(t, err)
	require.Positive(t, left, "keys expire")
	require.LessOrEqual(t, left, int64(20_100))

	stop()
	_, err = redisrate.New(client, redisrate.Config{Timeout: 50 * time.Millisecond}).Take(t.Context(), "key", limit).Await(t.Context())
	require.Error(t, err)
}
