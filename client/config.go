package client

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/resilience"
)

// Config configures New. BaseURL must be set.
//
// Owner: any (a plain value).
type Config struct {
	// BaseURL is where the other service is: "https://supplier.example/v1". Paths of calls are below it.
	BaseURL string
	// Header are fields of every request, such as a key; those of a call take precedence.
	Header http.Header
	// Policy is how to call the service, see the package documentation for the default. It must bound how
	// long a call takes, by Timeout or AttemptTimeout.
	Policy *resilience.Policy
	// MaxBody is how long an answer may be, in bytes after decoding. Default 4 MiB.
	MaxBody int64
	// MaxConns is how many connections there are at a time, calls wait for one; with HTTP/2 one
	// serves many. Default 64; at most 65,536.
	MaxConns int
	// IdleFor is how long a connection without calls is kept. Default 90 s; at most 24 h.
	IdleFor time.Duration
	// Redirects is how many redirects of a GET or HEAD are followed, within the origin. Default 5; below 0: none.
	Redirects int
	// TLS is for certificates of the client, and other roots. Default: the roots of the system.
	TLS *tls.Config
	// Proxy chooses a proxy. Default: by HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
	Proxy func(*http.Request) (*url.URL, error)
	// Wrap puts something around the transport, such as otelhttp.NewTransport: it sees each attempt.
	Wrap func(http.RoundTripper) http.RoundTripper
	// NoTrace keeps traceparent, tracestate and X-Request-ID of the request that is being served to
	// this service, for services of others.
	NoTrace bool
}

const (
	defaultMaxBody   = 4 << 20
	defaultMaxConns  = 64
	defaultIdleFor   = 90 * time.Second
	defaultRedirects = 5
	// maxHead bounds the head of an answer in bytes: what nginx and Apache let through is far below.
	maxHead = 64 << 10
)

// resolve fills in defaults, and lists what is wrong.
func (cfg Config) resolve(name string) (Config, *url.URL, mistake.List) {
	var wrong mistake.List
	what := fmt.Sprintf("upstream %q", name)
	unless := func(ok bool, format string, args ...any) {
		if !ok { // formatted only then
			wrong.Unless(false, what+": "+fmt.Sprintf(format, args...))
		}
	}
	if name == "" || strings.TrimSpace(name) != name {
		what = "upstream"
		unless(false, "needs a name, without spaces around it: that is what logs and operators see")
	}
	base, problem := parseBase(cfg.BaseURL)
	unless(problem == "", "BaseURL %s", problem)
	unless(cfg.MaxBody >= 0, "MaxBody must not be negative, it is %d", cfg.MaxBody)
	unless(cfg.MaxConns >= 0 && cfg.MaxConns <= 1<<16, "MaxConns must be 0 to %d, it is %d", 1<<16, cfg.MaxConns)
	idle := mistake.Duration("IdleFor", cfg.IdleFor, mistake.LongestWait, true)
	unless(idle == "", "%s", idle)
	unless(cfg.Redirects <= 50, "Redirects must be at most 50, it is %d", cfg.Redirects)
	cfg.MaxBody = cmp.Or(cfg.MaxBody, defaultMaxBody)
	cfg.MaxConns = cmp.Or(cfg.MaxConns, defaultMaxConns)
	cfg.IdleFor = cmp.Or(cfg.IdleFor, defaultIdleFor)
	cfg.Redirects = cmp.Or(cfg.Redirects, defaultRedirects)
	cfg.Header = cfg.Header.Clone()
	if cfg.Policy == nil && len(wrong) == 0 {
		cfg.Policy = resilience.New(name, resilience.Config{
			Timeout: 10 * time.Second,
			Retry:   resilience.Retry{Attempts: 3},
			Breaker: resilience.NewBreaker(name, resilience.BreakerConfig{Rate: 0.5, Minimum: 20, OpenFor: 10 * time.Second}),
		})
	}
	if cfg.Policy != nil {
		if part := cfg.Policy.Config(); part.Timeout == 0 && part.AttemptTimeout == 0 && cfg.Policy.Mistake() == nil {
			unless(false, "its policy %q bounds no call: set Timeout or AttemptTimeout", cfg.Policy.Name())
		}
	}
	return cfg, base, wrong
}

// parseBase says what is wrong with the address of a service. It repeats no password.
func parseBase(text string) (base *url.URL, problem string) {
	u, err := url.Parse(text)
	switch {
	case text == "":
		return nil, `is empty: set it to where the service is, such as "https://supplier.example/v1"`
	case err != nil:
		return nil, "is not a URL"
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, `must begin with "http://" or "https://", and a host`
	case u.User != nil:
		return nil, "has a password: give it in Header, as Authorization"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, "has a query or a fragment: give them with each call"
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), strings.TrimRight(u.RawPath, "/")
	return u, ""
}
