package fasterapi

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/router"
	"github.com/fasterapi/fasterapi/problem"
)

// stallsUntilMoved is how often a route may hold a reactor beyond the stall
// threshold before it runs on goroutines.
const stallsUntilMoved = 3

// dispatcher is the App as the engines see it: the way from an exchange to the
// handler of its route.
//
// Owner: any (immutable after build).
type dispatcher App

var _ exchange.Handler = (*dispatcher)(nil)

// Begin implements [exchange.Handler]: it gives x a Ctx and finds its route.
func (d *dispatcher) Begin(x *exchange.Exchange) {
	c, ok := x.User.(*Ctx)
	if !ok {
		c = &Ctx{app: (*App)(d), x: x}
		x.User = c
	}
	c.routed, c.reactor = true, x.Reactor()
	m := d.router.Match(x.Head.Method, x.Head.Path, &c.params)
	if m.Outcome == router.Found {
		c.route = m.Route.Value
		c.status = c.route.opts.status
	} else {
		c.missed = m
	}
}

// Admit implements [exchange.Handler]: the route decides about the body.
func (d *dispatcher) Admit(x *exchange.Exchange) exchange.Admission {
	c := x.User.(*Ctx)
	if c.route == nil {
		return exchange.Admission{Discard: true}
	}
	limit := c.route.opts.maxBody
	if limit == 0 {
		limit = d.cfg.MaxBody
	}
	blocking := style(c.route.style.Load()) == onGoroutine
	return exchange.Admission{Limit: limit, Stream: blocking && !c.route.needsBody}
}

// Serve implements [exchange.Handler]: it runs the handler of the route where it
// belongs.
func (d *dispatcher) Serve(x *exchange.Exchange) exchange.Outcome {
	c := x.User.(*Ctx)
	r := c.route
	if r == nil {
		r = d.missed
	}
	kind := style(r.style.Load())
	if kind != inline && (kind == onGoroutine) == x.OnReactor() {
		return exchange.Move
	}
	c.direct = x.OnReactor()
	if !c.direct {
		c.runStraight(r)
		return exchange.Answered
	}
	c.reactor.SetLabel(r.label) // until the reactor turns to something else
	switch kind {
	case onCoroutine:
		return c.runCoroutine(r)
	case asChain:
		return c.runChain(r)
	default:
		c.runStraight(r)
		return exchange.Answered
	}
}

// Cancel implements [exchange.Handler]: nobody waits for the answer any more.
func (*dispatcher) Cancel(x *exchange.Exchange, cause error) {
	c, ok := x.User.(*Ctx)
	if !ok {
		return
	}
	c.cancel()
	if x.OnReactor() && c.coroutine != nil {
		c.coroutine.Interrupt(context.Canceled)
	}
}

// Release implements [exchange.Handler]: c is reused for the next request,
// unless somebody may still hold it.
func (*dispatcher) Release(x *exchange.Exchange) {
	c, ok := x.User.(*Ctx)
	if !ok || !c.routed {
		return
	}
	if len(c.after) > 0 {
		c.startAfter()
	}
	if len(c.cleanups) > 0 { // they may read the uploads
		x.User = nil
		c.cleanUp()
		return
	}
	if len(c.uploads) > 0 {
		go closeUploads(c.uploads)
		c.uploads = nil
	}
	if c.shared.Load() || c.ended.Load() || c.watching.Load() != 0 {
		c.cancel()
		x.User = nil
		return
	}
	c.reset()
}

// runStraight runs a handler to its end.
func (c *Ctx) runStraight(r *route) {
	returned := false
	defer func() {
		if !returned {
			c.contain(recover())
		}
	}()
	err := r.handler(c)
	returned = true
	c.conclude(err)
}

// runChain starts a chain handler.
func (c *Ctx) runChain(r *route) (outcome exchange.Outcome) {
	returned := false
	defer func() {
		if !returned {
			c.contain(recover())
			outcome = exchange.Answered
		}
	}()
	done, err := r.endpoint.start(c)
	returned = true
	if done {
		c.conclude(err)
		return exchange.Answered
	}
	return exchange.Later
}

// conclude stages the problem of a handler that failed. One that succeeded has
// staged its response. Then comes what middleware wants done at the end.
func (c *Ctx) conclude(err error) {
	if err != nil {
		c.outcome = err
		c.fail(err)
	}
	if len(c.stages.heads)+len(c.stages.ends) > 0 {
		c.finishStages()
	}
}

// finishLate ends a handler that outlived Serve. It is deferred by what runs the
// last of it, because nothing above that contains a panic. Reactor only.
func (c *Ctx) finishLate(returned *bool) {
	if !*returned {
		c.contain(recover())
	}
	c.x.Finish()
}

// stalled counts a stall of the route and moves it to goroutines in the end.
func (r *route) stalled(a *App) {
	if r.label.Stalls() < stallsUntilMoved {
		return
	}
	kind := style(r.style.Load())
	if kind != onCoroutine && kind != asChain || !r.style.CompareAndSwap(uint32(kind), uint32(onGoroutine)) {
		return
	}
	a.log.Warn("route keeps blocking its reactor: it runs on goroutines from now on",
		slog.String("route", r.label.Name), slog.String("site", r.site))
}

// missedRoute is what answers when no route does, behind the middleware of the
// app.
func (a *App) missedRoute() *route {
	r := &route{handler: (*Ctx).answerMissed, middleware: a.root.middleware}
	kind := inline
	for i := len(r.middleware) - 1; i >= 0; i-- {
		r.handler = r.middleware[i](r.handler)
		kind = onGoroutine // middleware may block
	}
	r.style.Store(uint32(kind))
	return r
}

// answerMissed answers a request that no route matches.
func (c *Ctx) answerMissed() error {
	switch c.missed.Outcome {
	case router.Redirect:
		target := c.missed.Location
		if query := c.RawQuery(); query != "" {
			target += "?" + query
		}
		c.AddHeader("Location", target)
		c.stage(http.StatusPermanentRedirect, "", nil)
		return nil
	case router.MethodNotAllowed:
		c.AddHeader("Allow", c.missed.Allow)
		if string(c.x.Head.Method) == http.MethodOptions {
			c.stage(http.StatusNoContent, "", nil)
			return nil
		}
		return problem.MethodNotAllowed("")
	case router.BadPath:
		return problem.BadRequest("the path has an invalid percent escape")
	}
	if string(c.x.Head.Target) == "*" { // OPTIONS *: the server as a whole
		c.stage(http.StatusNoContent, "", nil)
		return nil
	}
	return problem.NotFound("")
}

// settle is the end of a chain: it stages the response and finishes the
// exchange on its reactor.
func settle[Out any](c *Ctx, f async.Future[Out], render func(*Ctx, Out) error) {
	f.Via(c.reactor).OnDone(func(v Out, err error) {
		returned := false
		defer c.finishLate(&returned)
		if err == nil {
			err = render(c, v)
		}
		c.conclude(err)
		returned = true
	})
}
