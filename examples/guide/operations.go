package guide

import (
	"net/http"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/admin"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/observe/metrics"
)

// snippet: observed
// observed is the whole of monitoring: metrics for Prometheus, and a second address for operators with a
// dashboard, live requests, stalls, profiles and the checklist.
func observed(app *fasterapi.App, pool *db.Pool) {
	app.Provide(pool) // /ready and /health ask it
	m := metrics.New(app)
	m.Pool("main", pool)
	admin.Attach(app, admin.Config{ // ADMIN_ADDR, else 127.0.0.1:9090
		Pages: map[string]http.Handler{"/metrics": m.Handler()},
	})
}

// end snippet
