package redisrate_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/middleware/redisrate"
)

// TestLeasedAway: requests that came while Redis was away do not make the batches large with which each core begins when it is back. They would empty the
// bucket, and those who have hardly asked would be refused.
func TestLeasedAway(t *testing.T) {
	client, _ := startRedis(t)
	remote := &remoteClient{Client: client}
	cfg := redisrate.Config{Timeout: time.Minute}
	limiter := redisrate.NewLeased(remote, redisrate.LeasedConfig{Config: cfg})
	limit := middleware.Limit{Requests: 100_000, Window: time.Minute, Burst: 20_000}
	ctx := onCore(t.Context(), 0)
	remote.away.Store(true)
	for range 50 {
		_, err := limiter.Take(ctx, "key", limit).Await(ctx)
		require.Error(t, err)
	}
	remote.away.Store(false)
	d, err := limiter.Take(ctx, "key", limit).Await(ctx)
	require.NoError(t, err)
	require.True(t, d.OK)
	d, err = redisrate.New(client, cfg).Take(ctx, "key", limit).Await(ctx)
	require.NoError(t, err)
	require.Greater(t, d.Remaining, 19_900)
}

// remoteClient is a Redis that can be away.
type remoteClient struct {
	rueidis.Client
	away atomic.Bool
}

func (r *remoteClient) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	if r.away.Load() {
		gone, cancel := context.WithCancel(ctx)
		cancel()
		ctx = gone
	}
	return r.Client.Do(ctx, cmd)
}
