package otlp

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Config says where traces are sent, and of which requests. The zero value is ready. The environment variables of OpenTelemetry's
// exporter hold for what it does not say, such as OTEL_EXPORTER_OTLP_HEADERS and OTEL_EXPORTER_OTLP_CERTIFICATE.
//
// Owner: any (a plain value).
type Config struct {
	// Endpoint is the receiver, "http://collector:4318"; traces are posted to /v1/traces there, unless it has a path. Default:
	// OTEL_EXPORTER_OTLP_ENDPOINT, else https://localhost:4318.
	Endpoint string
	// Service is the name of the service. Default: OTEL_SERVICE_NAME, else that of the program.
	Service string
	// Ratio is the part of the requests that is traced, of those whose caller does not decide: 0 < Ratio <= 1. Default
	// 0.01; below 0: none.
	Ratio float64
	// OwnDecision decides by Ratio also about requests whose caller wants them traced: for a service that
	// anybody can call.
	OwnDecision bool
	// Queue is how many spans may wait to be sent, 1 to 1,000,000. Default 2048.
	Queue int
	// Every is how often they are sent, when there are not 512 before. Default 5 s.
	Every time.Duration
}

const (
	defaultRatio = 0.01
	defaultQueue = 2048
	defaultEvery = 5 * time.Second
	maxQueue     = 1_000_000
)

// resolve returns c with its defaults, and every mistake in it.
func (c Config) resolve() (Config, error) {
	var errs []error
	wrong := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf("otlp: Config."+format, args...))
		}
	}
	c.Ratio, c.Queue, c.Every = cmp.Or(c.Ratio, defaultRatio), cmp.Or(c.Queue, defaultQueue), cmp.Or(c.Every, defaultEvery)
	wrong(c.Ratio > 1 || c.Ratio != c.Ratio, "Ratio is %v, want at most 1", c.Ratio)
	wrong(c.Queue < 1 || c.Queue > maxQueue, "Queue is %d, want 1 to %d, or 0 for %d", c.Queue, maxQueue, defaultQueue)
	wrong(c.Every < 0, "Every is %v, want a time above zero, or 0 for %v", c.Every, defaultEvery)
	if c.Endpoint != "" {
		u, err := url.Parse(c.Endpoint)
		wrong(err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https", "Endpoint must be a URL of http or https, such as http://collector:4318")
	}
	return c, errors.Join(errs...)
}
