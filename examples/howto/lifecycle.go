package howto

import (
	"path/filepath"
	"time"

	"github.com/fasterapi/fasterapi"
)

// snippet: times
// unhurried is for a load balancer that asks /ready every two seconds, and gives up an
// instance that has failed three times. Kubernetes needs a terminationGracePeriodSeconds
// above the sum of both times: 45.
func unhurried(cfg fasterapi.Config) fasterapi.Config {
	cfg.DrainDelay = 8 * time.Second
	cfg.DrainTimeout = 30 * time.Second
	return cfg
}

// end snippet

// snippet: certificate
// encrypted is for a certificate that certbot renews.
func encrypted(cfg fasterapi.Config, folder string) fasterapi.Config {
	cfg.TLSCert = filepath.Join(folder, "fullchain.pem")
	cfg.TLSKey = filepath.Join(folder, "privkey.pem")
	return cfg
}

// end snippet

// snippet: names
// forNames is for a service of several names: certbot has a folder for each. Names that none of them has get the first certificate.
func forNames(cfg fasterapi.Config, first string, more ...string) fasterapi.Config {
	cfg = encrypted(cfg, first)
	for _, folder := range more {
		cfg.TLSMore = append(cfg.TLSMore, [2]string{filepath.Join(folder, "fullchain.pem"), filepath.Join(folder, "privkey.pem")})
	}
	return cfg
}

// end snippet
