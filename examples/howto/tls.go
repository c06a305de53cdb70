package howto

import (
	"crypto/tls"
	"crypto/x509"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/problem"
)

// snippet: mtls
// onlyKnown lets those in whose certificates the owner of roots has signed.
func onlyKnown(cfg fasterapi.Config, roots *x509.CertPool) fasterapi.Config {
	cfg.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: roots}
	return cfg
}

// peer is the service that calls.
type peer struct{ Name string }

// findPeer is for app.ProvideFunc: handlers have a peer injected.
func findPeer(c *fasterapi.Ctx, _ fasterapi.None) (peer, error) {
	state := c.TLS()
	if state == nil || len(state.PeerCertificates) == 0 {
		return peer{}, problem.Unauthorized("a certificate is needed")
	}
	return peer{Name: state.PeerCertificates[0].Subject.CommonName}, nil
}

// end snippet
