package http1

import (
	"crypto/tls"
	"log/slog"
	"net/netip"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/reactor"
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
	// HTTP2 takes a connection whose client speaks HTTP/2: it has chosen that in its TLS
	// handshake, or, without TLS, begun with its preface. The descriptor is registered
	// with no reactor. Any goroutine may call it. Without HTTP2 such a client is refused.
	HTTP2 func(r *reactor.Reactor, d exchange.Descriptor, remote netip.AddrPort)
}
