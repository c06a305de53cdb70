package redisrate_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/rueidis"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/client/redisclient"
	"github.com/fasterapi/fasterapi/internal/test/redistest"
	"github.com/fasterapi/fasterapi/middleware"
	"github.com/fasterapi/fasterapi/middleware/redisrate"
)

// TestAstray: an answer of the right form that is that to another call decides nothing.
func TestAstray(t *testing.T) {
	server := redistest.Start(t)
	client, err := redisclient.New(rueidis.ClientOption{
		InitAddress: []string{server.Proxy.Address()}, ForceSingleClient: true, PipelineMultiplex: -1, DisableCache: true, DisableRetry: true,
	})
	require.NoError(t, err)
	defer client.Close()
	limit := middleware.Limit{Requests: 1, Window: time.Hour}
	cfg := redisrate.Config{Timeout: 20 * time.Second}
	for name, limiter := range map[string]middleware.Limiter{
		"New": redisrate.New(client, cfg), "NewLeased": redisrate.NewLeased(client, redisrate.LeasedConfig{Config: cfg}),
	} {
		keys := 0
		ask := func() error {
			keys++
			_, err := limiter.Take(t.Context(), fmt.Sprint(name, keys), limit).Await(t.Context())
			return err
		}
		for _, says := range []string{"*5\r\n:1\r\n:0\r\n:0\r\n:1\r\n:12345\r\n", "*4\r\n:1\r\n:0\r\n:0\r\n:1\r\n", "*0\r\n", "+OK\r\n"} {
			require.Eventually(t, func() bool { return ask() == nil }, time.Minute, time.Millisecond)
			require.Error(t, server.Astray(says, ask), "%s, %q", name, says)
		}
	}
}
