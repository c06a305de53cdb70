package middleware

import (
	"cmp"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/resilience"
)

// What counts requests is that of package resilience, whose limiters bound other calls.
type (
	// Limit is how many requests there may be in which time, see [resilience.Limit].
	Limit = resilience.Limit
	// Decision is what a Limiter says of a request, see [resilience.Decision].
	Decision = resilience.Decision
	// Limiter keeps a bucket for each client, see [resilience.Buckets]. The package redisrate has one that many processes
	// share.
	Limiter = resilience.Buckets
	// Local is the Limiter of one process, in memory, see [resilience.Local].
	Local = resilience.Local
	// LocalConfig configures NewLocal, see [resilience.LocalConfig].
	LocalConfig = resilience.LocalConfig
)

// NewLocal returns a Limiter for one process, see [resilience.NewLocal].
func NewLocal(cfg LocalConfig) *Local { return resilience.NewLocal(cfg) }

// checkLimit fills in what is zero, and notes what is wrong.
func checkLimit(l *Limit, wrong *mistake.List) {
	l.Burst = cmp.Or(l.Burst, l.Requests)
	if wrong.Unless(l.Requests > 0 && l.Window > 0 && l.Burst > 0, "Limit needs Requests, Window and Burst above zero") {
		wrong.Unless(l.Interval() > 0, "Limit allows more than a request in a nanosecond")
		wrong.Duration("Limit.Window", l.Window, mistake.LongestKept, false)
	}
}

// RateLimitConfig configures RateLimit. Limit must be set.
type RateLimitConfig struct {
	Limit Limit
	// Key tells whose bucket pays; requests with the key "" are not limited. Default:
	// the address of the client, or its /64 network for IPv6, because that is what
	// one client has. Behind proxies this needs RealIP.
	Key func(c *fasterapi.Ctx) string
	// Limiter keeps the buckets. Default: a new Local for this process.
	Limiter Limiter
	// FailClosed answers with 503 when the Limiter fails; without it requests pass,
	// with a log line: a broken Redis shall not stop the service.
	FailClosed bool
	// Name tells several policies of a service apart in the response. Default
	// "default".
	Name string
}

// RateLimit answers with 429 and Retry-After when a client sends more than it
// may. Every response says what is left, in the fields RateLimit-Policy and
// RateLimit of draft-ietf-httpapi-ratelimit-headers. The document has the 429 of the routes
// behind it, and the 503 of FailClosed.
func RateLimit(cfg RateLimitConfig) fasterapi.Middleware {
	var wrong mistake.List
	checkLimit(&cfg.Limit, &wrong)
	if cfg.Key == nil {
		cfg.Key = ClientKey
	}
	if cfg.Limiter == nil {
		cfg.Limiter = NewLocal(LocalConfig{})
	}
	cfg.Name = cmp.Or(cfg.Name, "default")
	wrong.Unless(field.IsToken(cfg.Name), "RateLimitConfig.Name must be a token")
	if m, ok := cfg.Limiter.(interface{ Mistake() error }); ok {
		wrong.Add(mistake.Of(m.Mistake(), mistake.Here()))
	}
	if len(wrong) > 0 {
		return mistaken(wrong)
	}
	window := int64(max(1, cfg.Limit.Window/time.Second))
	policy := `"` + cfg.Name + `";q=` + strconv.Itoa(cfg.Limit.Requests) + ";w=" + strconv.FormatInt(window, 10)
	return fasterapi.Describing(func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			key := cfg.Key(c)
			if key == "" {
				return next(c)
			}
			d, err := cfg.Limiter.Take(c, key, cfg.Limit).Await(c)
			if err != nil {
				if err := cfg.failed(c, err); err != nil {
					return err
				}
				return next(c)
			}
			c.AddHeader("RateLimit-Policy", policy)
			c.AddHeader("RateLimit", `"`+cfg.Name+`";r=`+strconv.Itoa(d.Remaining)+";t="+seconds(d.Reset))
			if !d.OK {
				return problem.TooManyRequests("too many requests").WithHeader("Retry-After", seconds(max(d.Retry, 1)))
			}
			return next(c)
		}
	}, cfg.answers()...)
}

// answers tells the document how requests are refused.
func (cfg *RateLimitConfig) answers() []fasterapi.RouteOption {
	list := refusing(http.StatusTooManyRequests, "The client has sent more requests than it may")
	if cfg.FailClosed {
		list = append(list, refusing(http.StatusServiceUnavailable, "The rate limit cannot be checked at the moment")...)
	}
	return list
}

func (cfg *RateLimitConfig) failed(c *fasterapi.Ctx, err error) error {
	if c.Err() != nil {
		return err
	}
	c.Logger().Error("rate limiter failed", slog.String("error", err.Error()), slog.Bool("open", !cfg.FailClosed))
	if cfg.FailClosed {
		return problem.Wrap(err, http.StatusServiceUnavailable, "the rate limit cannot be checked").WithHeader("Retry-After", "1")
	}
	return nil
}

// seconds is d in whole seconds, rounded up.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}

// ClientKey is the default key of rate limits.
func ClientKey(c *fasterapi.Ctx) string {
	addr := c.Client()
	switch {
	case !addr.IsValid():
		return ""
	case addr.Is4():
		return addr.String()
	}
	return netip.PrefixFrom(addr.WithZone(""), 64).Masked().String()
}
