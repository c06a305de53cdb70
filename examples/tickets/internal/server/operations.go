package server

import (
	"net/http"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/problem"
)

// operations registers what load balancers and orchestrators ask.
func operations(g *fasterapi.Group) {
	g.Get("/health", health)
	g.Get("/ready", ready)
}

// health tells that the process answers. One that does not is restarted.
func health(*fasterapi.Ctx, fasterapi.None) (fasterapi.Text, error) { return "healthy\n", nil }

// ready tells that requests are welcome: the database answers, soon. Until then they are sent elsewhere.
func ready(c *fasterapi.Ctx, in struct {
	DB *db.Pool `inject:""`
},
) (fasterapi.Text, error) {
	if _, err := in.DB.Ping(c).Timeout(2 * time.Second).Await(c); err != nil {
		return "", problem.Wrap(err, http.StatusServiceUnavailable, "the database does not answer")
	}
	return "ready\n", nil
}

// isProbe leaves out of the log what is asked every few seconds.
func isProbe(c *fasterapi.Ctx) bool { return c.Pattern() == "/health" || c.Pattern() == "/ready" }
