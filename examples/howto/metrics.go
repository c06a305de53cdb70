package howto

import (
	"fmt"
	"net/http"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/admin"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/observe"
	"github.com/fasterapi/fasterapi/observe/metrics"
)

// snippet: metrics
// measured shows at /metrics what the service does.
func measured(app *fasterapi.App) *metrics.Metrics {
	m := metrics.New(app)
	app.Mount("/metrics", m.Handler(), fasterapi.Priority("exempt")) // also when there is too much work: then it is looked at
	return m
}

// end snippet

// snippet: admin
// measuredAside shows it on the second address, which strangers do not reach.
func measuredAside(app *fasterapi.App, pool *db.Pool) *metrics.Metrics {
	m := metrics.New(app)
	m.Pool("main", pool)
	admin.Attach(app, admin.Config{Pages: map[string]http.Handler{"/metrics": m.Handler()}})
	return m
}

// end snippet

// snippet: reactors
// reactorStats says what each reactor has done.
func reactorStats(app *fasterapi.App) (lines []string) {
	for _, s := range app.Reactors().Stats() {
		lines = append(lines, fmt.Sprintf("core %d: %d tasks executed, %d pending, %d I/O events, %.0f %% busy",
			s.Core, s.Tasks, s.Pending, s.Events, 100*s.Busy))
	}
	return lines
}

// end snippet

// snippet: own
// orderMetrics are what this service counts itself. Values that are not on the list of a
// label count as "other".
type orderMetrics struct {
	placed *metrics.Counter
	value  *metrics.Histogram
}

func newOrderMetrics(m *metrics.Metrics) orderMetrics {
	channel := metrics.Values("channel", "web", "app")
	return orderMetrics{
		placed: m.Counter("shop_orders_total", "Orders placed.", channel),
		value:  m.Histogram("shop_order_value_euros", "Value of orders.", []float64{10, 50, 100, 500}, channel),
	}
}

func (o orderMetrics) count(channel string, euros float64) {
	o.placed.Add(1, channel)
	o.value.Observe(euros, channel)
}

// end snippet

// snippet: middleware
// MetricsMiddleware tracks requests: how many, how long they took, and how they ended. A
// stream has been written when next returns, and a panic passes through.
func MetricsMiddleware(m *metrics.Metrics) fasterapi.Middleware {
	outcome := metrics.Values("outcome", "ok", "error", "panic")
	count := m.Counter("shop_requests_total", "Requests of the shop.", outcome)
	duration := m.Histogram("shop_request_seconds", "Time of requests of the shop.", nil, outcome)
	return func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			start := time.Now()
			c.OnHead(func(c *fasterapi.Ctx) { // a stream sends its head before it is done
				c.SetHeader("X-Response-Time", time.Since(start).Round(10*time.Microsecond).String())
			})
			ended := "panic"
			defer func() {
				count.Add(1, ended)
				duration.Observe(time.Since(start).Seconds(), ended)
			}()
			err := next(c)
			if ended = "ok"; err != nil {
				ended = "error"
			}
			return err
		}
	}
}

// end snippet

// snippet: record
// slowest says where the time of the latest slow requests went.
func slowest(app *fasterapi.App) []observe.Record {
	return app.Recorder().Slow(20)
}

// end snippet
