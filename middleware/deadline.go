package middleware

import (
	"cmp"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/resilience"
)

// DeadlineConfig configures [Deadline]. The zero value believes proxies and services on the same
// machine.
type DeadlineConfig struct {
	// Trusted are the networks of those who may say how long they wait. Default: loopback
	// addresses. See [PrivateNetworks].
	Trusted []netip.Prefix
	// TrustUnix believes peers of unix sockets, which have no address.
	TrustUnix bool
	// Header is the field with the time that is left, in milliseconds, or with a unit of gRPC:
	// "X-Envoy-Expected-Rq-Timeout-Ms" and "Grpc-Timeout" are such. Default
	// [resilience.DeadlineHeader].
	Header string
	// Longest bounds what the field may say, and is the time of requests without it. Default 0:
	// no bound; at most 24 h.
	Longest time.Duration
}

// Deadline ends a request when whoever is in front of the service waits no more: a trusted peer
// says in a header field how long it does. The deadline of the request is that of everything that
// is done with its context: queries are cancelled, policies begin no attempt that comes too late,
// and clients hand it on. A request whose time is over before it begins is answered with 504 and
// does nothing; later it is answered as [Timeout] does. The document has the 504 of the routes
// behind it.
//
// The field is ignored when it comes from anybody else, and, with a line in the log, when it is no
// time.
func Deadline(cfg DeadlineConfig) fasterapi.Middleware {
	var wrong mistake.List
	who := newRealIP(RealIPConfig{Trusted: cfg.Trusted, TrustUnix: cfg.TrustUnix})
	wrong.Unless(len(who.wrong) == 0, "DeadlineConfig.Trusted holds an invalid network")
	cfg.Header = cmp.Or(cfg.Header, resilience.DeadlineHeader)
	wrong.Unless(field.IsToken(cfg.Header), "DeadlineConfig.Header must be a field name")
	wrong.Duration("DeadlineConfig.Longest", cfg.Longest, mistake.LongestWait, true)
	if len(wrong) > 0 {
		return mistaken(wrong)
	}
	return fasterapi.Describing(func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			left, bounded := cfg.Longest, cfg.Longest > 0
			if said, ok := cfg.said(c, who); ok && (!bounded || said < left) {
				left, bounded = said, true
			}
			switch {
			case !bounded:
				return next(c)
			case left <= 0:
				return problem.Wrap(resilience.ErrLate, http.StatusGatewayTimeout, "there is no time left for this request")
			}
			return within(c, left, next)
		}
	}, tooLong())
}

// said is the time that a trusted peer has given.
func (cfg *DeadlineConfig) said(c *fasterapi.Ctx, who *realIP) (time.Duration, bool) {
	text := c.Header(cfg.Header)
	if text == "" || !who.peerTrusted(c) {
		return 0, false
	}
	d, ok := resilience.ParseTimeout(text)
	if !ok {
		c.Logger().Warn("the time left for a request is no time", slog.String("field", cfg.Header), slog.String("value", text))
	}
	return min(d, mostLeft), ok
}

// mostLeft bounds what a field may say, so that adding it to a time does not overflow.
const mostLeft = 1000 * time.Hour
