package shop

import (
	"time"

	"github.com/fasterapi/fasterapi/secret"
)

// Settings are what the environment may say. PORT and REACTOR_CORES are read by
// the framework itself.
type Settings struct {
	DatabaseURL  secret.String `env:"DATABASE_URL" required:"false" doc:"a Postgres database, postgres://user:password@host/name"`
	File         string        `env:"DB" required:"false" doc:"the SQLite file where there is no DATABASE_URL; default: production.db in the user's cache folder"`
	Supplier     string        `env:"SUPPLIER_URL" required:"false" doc:"who is asked for prices, http://host; default: nobody"`
	DrainTimeout time.Duration `env:"DRAIN_TIMEOUT" default:"20s" minimum:"1s" maximum:"10m" doc:"for requests in flight after SIGTERM"`
}
