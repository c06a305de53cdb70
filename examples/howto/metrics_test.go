package howto

import (
	"context"
	"io"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db/sqlite"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/observe"
)

func TestMetrics(t *testing.T) {
	var served *fasterapi.App
	fasterapitest.Run(t, func(cfg fasterapi.Config) *fasterapi.App {
		cfg.Observe = observe.Config{SlowAfter: time.Nanosecond}
		app := fasterapi.New(cfg)
		m := measured(app)
		own := newOrderMetrics(m)
		shop := app.Group("/shop")
		shop.Use(MetricsMiddleware(m))
		shop.Get("/order/{channel}", func(_ *fasterapi.Ctx, in struct {
			Channel string `path:"channel"`
		},
		) (fasterapi.Text, error) {
			own.count(in.Channel, 70)
			return "placed", nil
		})
		shop.Get("/stream", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Stream, error) {
			return fasterapi.Stream{Write: func(w *fasterapi.StreamWriter) error {
				_, err := io.WriteString(w, "streamed")
				return err
			}}, nil
		})
		shop.Get("/fails", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "", io.ErrUnexpectedEOF })
		shop.Get("/panics", func(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { panic("a cup has broken") })
		served = app
		return app
	}, func(t *testing.T, c *fasterapitest.Client) {
		describes, err := served.Description()
		require.NoError(t, err)
		require.Regexp(t, `"/metrics[^{}]*"priority":\s*"exempt"`, string(describes), "it is asked for when there is too much work")
		for path, status := range map[string]int{"/shop/order/web": 200, "/shop/order/fax": 200, "/shop/stream": 200, "/shop/fails": 500, "/shop/panics": 500} {
			require.NotEmpty(t, c.Get(path).Expect(status).Header.Get("X-Response-Time"), path)
		}
		lines := []string{
			`shop_orders_total{channel="web"} 1`, `shop_orders_total{channel="other"} 1`,
			`shop_order_value_euros_bucket{channel="web",le="100"} 1`,
			`shop_requests_total{outcome="ok"} 3`, `shop_requests_total{outcome="error"} 1`, `shop_requests_total{outcome="panic"} 1`,
			`shop_request_seconds_count{outcome="ok"} 3`,
			`http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="200",http_route="/shop/stream"} 1`,
		}
		require.Eventually(t, func() bool { // the record of a request may be written behind its answer
			text := c.Get("/metrics").Expect(200).Text()
			return !slices.ContainsFunc(lines, func(line string) bool { return !strings.Contains(text, line) })
		}, 10*time.Second, 10*time.Millisecond)
		lines = reactorStats(served)
		require.Len(t, lines, served.Reactors().Len())
		require.Contains(t, lines[0], "core 0: ")
		for _, r := range slowest(served) {
			require.Positive(t, r.Took)
			require.NotEmpty(t, r.Detail.Path)
		}
	})
}

// TestMetricsAside: the second address shows the pool.
func TestMetricsAside(t *testing.T) {
	t.Setenv("ADMIN_ADDR", "127.0.0.1:0")
	pool, err := sqlite.Open(filepath.Join(t.TempDir(), "shop.db"), sqlite.Config{})
	require.NoError(t, err)
	app := fasterapi.New(fasterapi.Config{Addr: "127.0.0.1:0", Cores: 1})
	app.Provide(pool)
	m := measuredAside(app, pool)
	server, err := app.Start()
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx))
	})
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	require.Contains(t, w.Body.String(), `fasterapi_pool_connections{pool="main"}`)
}
