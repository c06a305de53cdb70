package middleware

import (
	"cmp"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/internal/safelog"
	"github.com/fasterapi/fasterapi/observe"
)

// AccessLogConfig configures AccessLog. The zero value logs every request.
type AccessLogConfig struct {
	// Logger receives the lines. Default: that of the app.
	Logger *slog.Logger
	// Sample is the part of the requests that is logged, 0 < Sample <= 1; those
	// that failed (status 400 and above) or were slow always are. Default 1.
	Sample float64
	// Slow is from which duration on a request is slow: until the head of its response is
	// sent. So streams, WebSockets and downloads, which last as long as they last, are not. Default: never.
	Slow time.Duration
	// Skip leaves requests out, such as those of health checks.
	Skip func(c *fasterapi.Ctx) bool
	// Attrs adds to a line.
	Attrs func(c *fasterapi.Ctx) []slog.Attr
	// Now is the clock. Default time.Now.
	Now func() time.Time

	// clock is the time since some moment.
	clock func() time.Duration
}

// AccessLog writes a line for every request, when its status is known: method,
// path, status, duration until then, bytes of the body, client, route, core,
// the request's id, and the id of its trace (see [fasterapi.Ctx.TraceID]). Those that were slow say in "work" what databases, caches and other services did for them. The query is left out, because it may hold secrets, and so are
// the values of sensitive path fields (see [fasterapi.Ctx.LogPath]). Status 499
// is a client that did not wait for the answer. Requests that the server refuses by
// itself (see [fasterapi.Ctx.Refused]) say why in "refused"; those whose head cannot be
// read are met by middleware of the app, not by that of groups.
func AccessLog(cfg AccessLogConfig) fasterapi.Middleware {
	cfg.Sample = cmp.Or(cfg.Sample, 1)
	var wrong mistake.List
	if !wrong.Unless(cfg.Sample > 0 && cfg.Sample <= 1, "AccessLogConfig.Sample must be above 0 and at most 1") {
		return mistaken(wrong)
	}
	cfg.clock = clockOf(cfg.Now)
	if cfg.Logger != nil {
		cfg.Logger = safelog.Of(cfg.Logger)
	}
	return func(next fasterapi.Handler) fasterapi.Handler {
		return func(c *fasterapi.Ctx) error {
			switch {
			case cfg.Skip != nil && cfg.Skip(c):
			case cfg.Slow > 0:
				cfg.watch(c)
			default:
				begin := cfg.clock()
				c.OnEnd(func(c *fasterapi.Ctx) {
					if !cfg.leaveOut(c.Status(), false) {
						cfg.line(c, cfg.clock()-begin, false)
					}
				})
			}
			return next(c)
		}
	}
}

// clockOf tells the time by now, nil for the real one: that since a moment takes two thirds of what time.Now does.
func clockOf(now func() time.Time) func() time.Duration {
	if now == nil {
		start := time.Now()
		return func() time.Duration { return time.Since(start) }
	}
	start := now()
	return func() time.Duration { return now().Sub(start) }
}

// watch logs the request, which may be slow: what counts is when its head was sent, if it was.
func (cfg *AccessLogConfig) watch(c *fasterapi.Ctx) {
	begin := cfg.clock()
	var head time.Duration // when that was sent
	sent := false
	c.OnHead(func(*fasterapi.Ctx) { head, sent = cfg.clock(), true })
	c.OnEnd(func(c *fasterapi.Ctx) {
		end := cfg.clock()
		if !sent {
			head = end
		}
		status := c.Status()
		slow := head-begin >= cfg.Slow && status != http.StatusSwitchingProtocols
		if !cfg.leaveOut(status, slow) {
			cfg.line(c, end-begin, slow)
		}
	})
}

// leaveOut tells whether a request is one of those that are not logged.
func (cfg *AccessLogConfig) leaveOut(status int, slow bool) bool {
	return status < 400 && !slow && cfg.Sample < 1 && rand.Float64() >= cfg.Sample
}

func (cfg *AccessLogConfig) line(c *fasterapi.Ctx, took time.Duration, slow bool) {
	status := c.Status()
	level, refused := slog.LevelInfo, c.Refused()
	switch {
	case status >= 500 && (refused == nil || status != refused.Status): // 501 and 505 are about the client then
		level = slog.LevelError
	case slow:
		level = slog.LevelWarn
	}
	log := cfg.Logger
	if log == nil {
		log = c.Logger()
	}
	if !log.Enabled(c, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 12)
	attrs = append(attrs,
		slog.String("method", c.Method()), slog.String("path", c.LogPath()), slog.Int("status", status),
		slog.Duration("duration", took), slog.Int64("bytes", c.BodySize()),
	)
	if refused != nil {
		attrs = append(attrs, slog.String("refused", refused.Detail))
	}
	client := "@" // at the other end of a unix socket, as net/http writes it
	if address := c.Client(); address.IsValid() {
		client = address.String()
	}
	attrs = append(attrs, slog.String("client", client))
	if cfg.Logger != nil { // the app's says so itself
		attrs = append(attrs, slog.String("route", c.Pattern()), slog.Int("core", c.Core()))
		if id := c.RequestID(); id != "" {
			attrs = append(attrs, slog.String("request", id))
		}
	}
	if trace := c.TraceID(); trace != "" {
		attrs = append(attrs, slog.String("trace", trace))
	}
	if slow {
		if work := c.Work(); work != (observe.Work{}) {
			attrs = append(attrs, slog.String("work", work.String()))
		}
	}
	if cfg.Attrs != nil {
		attrs = append(attrs, cfg.Attrs(c)...)
	}
	log.LogAttrs(c, level, "request", attrs...)
}
