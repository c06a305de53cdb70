package redisrate_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/middleware/redisrate"
)

// TestLeasedSlow: those who wait for a batch are answered although Redis takes longer than a lease, and each gets one token.
func TestLeasedSlow(t *testing.T) {
	client, _ := startRedis(t)
	slow := slowClient{client, 30 * time.Millisecond}
	limiter := redisrate.NewLeased(slow, redisrate.LeasedConfig{Lease: 10 * time.Millisecond, Config: redisrate.Config{Timeout: time.Minute}})
	ctx, cancel := context.WithTimeout(onCore(t.Context(), 0), 20*time.Second)
	defer cancel()
	limit := middleware.Limit{Requests: 3, Window: time.Hour}
	for i := range 4 {
		d, err := limiter.Take(ctx, "slow", limit).Await(ctx)
		require.NoError(t, err)
		require.Equal(t, i < 3, d.OK, i)
	}
}

// slowClient is a Redis that is far away.
type slowClient struct {
	rueidis.Client
	pause time.Duration
}

func (s slowClient) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	result := s.Client.Do(ctx, cmd)
	time.Sleep(s.pause)
	return result
}
