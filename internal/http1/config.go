package http1

import (
	"log/slog"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// Config holds the limits of a server. The zero value is ready for use.
//
// Owner: any (immutable after New).
type Config struct {
	exchange.Limits
	// Logger reports faults of the server itself. Default slog.Default().
	Logger *slog.Logger
	// Arrivals hears of requests that come. Default: nobody does.
	Arrivals exchange.Arrivals
}
