package server

import (
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
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
	_, err := in.DB.Ping(c).Timeout(2 * time.Second).Await(c)
	return "ready\n", err
}

// isProbe leaves out of the log what is asked every few seconds.
func isProbe(c *fasterapi.Ctx) bool { return c.Pattern() == "/health" || c.Pattern() == "/ready" }
