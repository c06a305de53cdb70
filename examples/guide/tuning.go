package guide

import (
	"context"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
)

// snippet: cores
// onEightCores has eight reactors, whatever the machine.
func onEightCores(cfg fasterapi.Config) *fasterapi.App {
	cfg.Cores = 8
	return fasterapi.New(cfg)
}

// onAllCores has one reactor for each core that the process may use: REACTOR_CORES, else GOMAXPROCS,
// which follows the CPU quota of the container.
func onAllCores(cfg fasterapi.Config) *fasterapi.App {
	return fasterapi.New(cfg)
}

// end snippet

// snippet: pin
// pinned binds each reactor to a processor: for NUMA machines, and only where all handlers run on reactors.
func pinned(cfg fasterapi.Config) *fasterapi.App {
	cfg.Pin = true
	return fasterapi.New(cfg)
}

// end snippet

// snippet: pool
// openPool opens the connections of a service. All numbers of connections are for each core.
func openPool(ctx context.Context, url string) (*db.Pool, error) {
	return pg.Open(ctx, pg.Config{
		URL:                 url, // "postgres://app:secret@db/shop?sslmode=verify-full"
		MinConns:            2,   // always there
		MaxConns:            10,
		IdleTimeout:         10 * time.Minute, // then those above MinConns are closed
		HealthCheckInterval: 30 * time.Second, // after so long without work a connection is checked before it is used
		AcquireTimeout:      2 * time.Second,  // then 503 with Retry-After: below what clients wait
		StatementTimeout:    10 * time.Second, // ended on the server
	})
}

// end snippet
