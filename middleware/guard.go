package middleware

import (
	"context"
	"net/http"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/describe"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/internal/parts"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/resilience"
)

// Guard puts a route behind a policy, or all routes of a group: its limiter, its bulkhead, its
// breaker and its times apply to each request. What the policy refuses is answered with 503 and
// Retry-After, what takes too long with 504 as with [Timeout], and the document says so.
//
//	imports := resilience.New("imports", resilience.Config{
//		Bulkhead: resilience.NewBulkhead("imports", resilience.BulkheadConfig{Concurrent: 4}), Timeout: time.Minute,
//	})
//	app.Post("/import", load, middleware.Guard(imports))
//
// The app knows the policy then: /ready heeds its breaker if that is critical, and the dashboard shows it.
// The breaker counts errors that the handler returns, as [resilience.Failed] does. A policy with
// retries or hedges is a mistake: what a request has brought is read once, and its answer begun.
func Guard(p *resilience.Policy) fasterapi.RouteOption {
	var wrong mistake.List
	if !wrong.Unless(p != nil, "Guard needs a policy") {
		return fasterapi.Mistake[fasterapi.RouteOption](wrong.Err())
	}
	cfg := p.Config()
	wrong.Add(mistake.Of(p.Mistake(), mistake.Here()))
	wrong.Unless(cfg.Retry.Attempts <= 1 && cfg.Hedge.Most <= 1,
		"policy "+p.Name()+" has Retry or Hedge, and a request cannot be served twice: use such a policy within the handler, around what may fail")
	wrong.Unless(cfg.Limiter != nil || cfg.Bulkhead != nil || cfg.Breaker != nil || cfg.Timeout > 0 || cfg.AttemptTimeout > 0,
		"policy "+p.Name()+" has nothing that Guard applies: give it a Limiter, a Bulkhead, a Timeout or a Breaker")
	if err := wrong.Err(); err != nil {
		return fasterapi.Mistake[fasterapi.RouteOption](err)
	}
	opts := []fasterapi.RouteOption{fasterapi.Use(guarded(p))}
	if cfg.Limiter != nil || cfg.Bulkhead != nil || cfg.Breaker != nil {
		opts = append(opts, refusing(http.StatusServiceUnavailable, "The service cannot take this on at the moment")...)
	}
	if cfg.Timeout > 0 || cfg.AttemptTimeout > 0 {
		opts = append(opts, tooLong())
	}
	return fasterapi.With(opts...)
}

func guarded(p *resilience.Policy) fasterapi.Middleware {
	return func(next fasterapi.Handler) fasterapi.Handler {
		parts.Tell(p)
		return func(c *fasterapi.Ctx) error {
			_, err := p.Do(c, func(ctx context.Context) (none struct{}, err error) {
				// The handler has c, not ctx: c ends when ctx would.
				if left, bounded := resilience.TimeLeft(ctx); bounded {
					defer c.CancelAfter(left)()
				}
				return none, next(c)
			})
			return err
		}
	}
}

// refusing tells the document of an answer that says when to come back.
func refusing(status int, description string) []fasterapi.RouteOption {
	return []fasterapi.RouteOption{
		fasterapi.Returns[problem.Problem](status, description),
		fasterapi.Operation(func(op *openapi.Operation) { describe.RetryAfter(op, status) }),
	}
}
