package howto

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/fasterapitest"
)

// noIndex is an index that is away.
type noIndex struct{}

func (noIndex) Ping(context.Context) error { return errors.New("index-7.internal: connection refused") }

// TestWatch: a database that works and an index that does not.
func TestWatch(t *testing.T) {
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
		app := routes(t, cfg)
		watch(app, noIndex{})
		return app
	}, func(t *testing.T, c *fasterapitest.Client) {
		require.JSONEq(t, `{"status":"ok"}`, c.Get("/live").Text())
		require.JSONEq(t, `{"status":"degraded"}`, c.Get("/ready").Expect(200).Text())
		response := c.Get("/health").Expect(200)
		require.Contains(t, response.Text(), `{"name":"search","status":"failing","critical":false,`)
		require.Contains(t, response.Text(), `{"name":"database","status":"ok","critical":true,`)
		require.NotContains(t, response.Text(), "index-7")
	})
}
