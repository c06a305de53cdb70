package howto

import (
	"context"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/health"
)

// Index is a search index on another host.
type Index interface {
	Ping(ctx context.Context) error
}

// snippet: check
// watch tells whoever watches the service of its search index: songs are listed without
// it, so the service stays ready.
func watch(app *fasterapi.App, index Index) {
	app.HealthCheck(health.Check{Name: "search", Run: index.Ping})
}

// end snippet
