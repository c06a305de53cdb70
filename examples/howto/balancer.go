package howto

import (
	"net/netip"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/middleware"
)

// snippet: balancer
// behindBalancer is for an app whose clients' TLS ends at balancers in these networks.
func behindBalancer(cfg fasterapi.Config, balancers ...netip.Prefix) *fasterapi.App {
	cfg.H2C = true // for balancers that speak HTTP/2 to it; HTTP/1.1 is served as ever
	app := fasterapi.New(cfg)
	app.Use(
		middleware.RealIP(middleware.RealIPConfig{Trusted: balancers}), // first: the others go by it
		middleware.SecureHeaders(middleware.SecureHeadersConfig{HSTS: 365 * 24 * time.Hour}),
	)
	return app
}

// end snippet
