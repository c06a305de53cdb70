package http1

import (
	"crypto/tls"
	"log/slog"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// Config holds the limits of a server. The zero value is ready for use.
//
// Owner: any (a plain value).
type Config struct {
	exchange.Limits
	// Logger reports faults of the server itself. Default slog.Default().
	Logger *slog.Logger
	// Arrivals hears of requests that come. Default: nobody does.
	Arrivals exchange.Arrivals
	// TLS makes every connection begin with a handshake; nil: none does.
	TLS *tls.Config
	// Other takes a connection whose client has chosen another protocol than HTTP/1.1
	// (ALPN), after its handshake. It has to call closed when the connection has ended.
	// Without Other such a connection is closed.
	Other func(conn *tls.Conn, closed func())
}
