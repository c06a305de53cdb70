package howto

import (
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
