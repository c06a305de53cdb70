package fasterapi

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

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

var (
	_ exchange.Handler = (*dispatcher)(nil)
	_ exchange.Namer   = (*dispatcher)(nil)
)

// Begin implements [exchange.Handler]: it gives x its state, with a Ctx, and finds its route.
func (d *dispatcher) Begin(x *exchange.Exchange) {
	r, ok := x.User.(*request)
	if !ok {
		r = &request{x: x}
		x.User = r
	}
	r.begin((*App)(d))
	if x.Refusal != nil && x.Head.Path == nil {
		d.observe(r)
		return // nothing to find a route with
	}
	m := d.router.Match(x.Head.Method, x.Head.Path, &r.params)
	if x.Tunnel && m.Outcome == router.Found && !m.Route.Value.isSocket() {
		m = d.router.Match([]byte("CONNECT"), x.Head.Path, &r.params) // that is what it is
	}
	if m.Outcome == router.Found {
		r.route = m.Route.Value
		r.reply.SetStatus(r.route.opts.status)
	} else {
		r.missed = m
	}
	d.observe(r)
}

// Name implements [exchange.Namer]: the route of x, which does not change any more.
func (*dispatcher) Name(x *exchange.Exchange) string {
	r, ok := x.User.(*request)
	switch {
	case !ok || r.ctx == nil:
		return ""
	case r.route == nil:
		return string(x.Head.Method) + " of no route"
	}
	return r.routeName()
}

// Admit implements [exchange.Handler]: the route decides about the body.
func (d *dispatcher) Admit(x *exchange.Exchange) exchange.Admission {
	c := x.User.(*request)
	if c.route == nil {
		return exchange.Admission{Discard: true}
	}
	limit := c.route.bodyLimit(d.cfg.MaxBody)
	blocking := style(c.route.style.Load()) == onGoroutine
	return exchange.Admission{Limit: limit, MayStream: blocking && !c.route.needsBody}
}

// Serve implements [exchange.Handler]: it runs the handler of the route where it
// belongs.
func (d *dispatcher) Serve(x *exchange.Exchange) exchange.Outcome {
	c := x.User.(*request).ctx
	r := c.route
	if r == nil {
		r = d.missed
	}
	refused := x.Refusal != nil && len(r.middleware) == 0
	kind := style(r.style.Load())
	var now time.Duration
	switch {
	case refused: // wherever it is
	case kind != inline && (kind == onGoroutine) == x.OnReactor():
		c.request.seen.waits = true
		return exchange.Move
	case c.waited.known:
		now = d.judge(c, r)
		refused = x.Refusal != nil && len(r.middleware) == 0
	}
	if refused {
		return c.serveRefused()
	}
	d.started(c.request, now)
	if !x.OnReactor() {
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
	r, ok := x.User.(*request)
	if !ok || r.ctx == nil {
		return
	}
	r.ctx.cancel()
	if x.OnReactor() && r.coroutine != nil {
		r.coroutine.Interrupt(context.Canceled)
	}
}

// Release implements [exchange.Handler]: the request is over, and its state is used
// again for the next one.
func (d *dispatcher) Release(x *exchange.Exchange) {
	r, ok := x.User.(*request)
	if !ok || r.ctx == nil {
		return
	}
	r.land()
	r.leave()
	if d.recorder != nil {
		r.record(d.recorder)
	}
	if len(r.after) > 0 {
		r.startAfter()
	}
	if len(r.cleanups) > 0 { // they may read the uploads
		x.User = nil
		r.cleanUp()
		return
	}
	r.ctx.cancel()
	if len(r.uploads) > 0 {
		go closeUploads(r.uploads)
		r.uploads = nil
	}
	r.reset()
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

// runCoroutine runs a handler on a coroutine of the reactor, once the engine
// has entered one.
func (c *Ctx) runCoroutine(r *route) exchange.Outcome {
	co := c.x.Coroutine()
	if co == nil {
		c.request.seen.waits = true
		return exchange.NeedCoroutine
	}
	state := c.request
	c.change(func(r *request) { r.coroutine = co })
	c.runStraight(r)
	state.coroutine = nil // nobody reaches it through c any more
	return exchange.Answered
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
	done, err := r.starter.start(c)
	returned = true
	if done {
		c.conclude(err)
		return exchange.Answered
	}
	return exchange.Later
}

// conclude stages the problem of a handler that failed. One that succeeded has
// staged its response. Then comes what middleware wants done at the end, and c is over.
func (c *Ctx) conclude(err error) {
	returned := false
	defer func() {
		if !returned {
			c.lastResort(recover())
		}
	}()
	c.stageOutcome(err)
	c.finishUse(c.request)
	returned = true
}

// stageOutcome is conclude as far as code of others may be called.
func (c *Ctx) stageOutcome(err error) {
	c.land()
	left := read(c, (*request).unfinished)
	if c.inside.readers.Load() > 0 {
		c.awaitInside()
		left = read(c, (*request).unfinished)
	}
	if err == nil {
		err = left.dropped
	}
	if c.x.Refusal != nil {
		err = c.keepRefusal(err)
	}
	if err != nil {
		c.outcome = err
		c.fail(err)
	}
	if r := c.request; len(r.settlers) > 0 {
		r.abandon()
	}
	if left.stages || err != nil && read(c, (*request).hasStages) {
		c.finishStages()
		if c.x.Refusal != nil && c.x.Forgives() { // by a function of OnHead
			c.fail(c.refused())
		}
	}
}

// finishLate ends a handler that outlived Serve. It is deferred by what runs the
// last of it, because nothing above that contains a panic. Reactor only.
func (c *Ctx) finishLate(x *exchange.Exchange, returned *bool) {
	if !*returned {
		c.contain(recover())
	}
	x.Finish()
}

// stalled counts a stall of the route and moves it to goroutines in the end.
func (r *route) stalled(log *slog.Logger) {
	if r.label.Stalls() < stallsUntilMoved {
		return
	}
	kind := style(r.style.Load())
	if kind != onCoroutine && kind != asChain || !r.style.CompareAndSwap(uint32(kind), uint32(onGoroutine)) {
		return
	}
	log.Warn("route keeps blocking its reactor: it runs on goroutines from now on",
		slog.String("route", r.label.Name), slog.String("site", r.site))
}

// settle is the end of a chain: it stages the response and finishes the
// exchange on its reactor.
func settle[Out any](c *Ctx, f async.Future[Out], render func(*Ctx, Out) error) {
	since := c.recorded()
	f.Via(c.reactor).OnDone(func(v Out, err error) {
		returned := false
		defer c.finishLate(c.x, &returned)
		c.markReturned(since)
		if err == nil {
			err = render(c, v)
		}
		c.conclude(err)
		returned = true
	})
}

// Refused tells why the server refuses the request by itself, nil when it does not:
// its head or body cannot be read, is larger than a limit or came too slowly, or there is
// more work than can be done (docs/reference/refusals.md lists the kinds). Such a request goes through the
// middleware of its route, or of the app when the path could not be read. What
// middleware calls next for then is this problem, and neither input, dependencies nor
// handler are looked at; an answer below 400 that middleware gives itself is replaced
// with it. Of the request there is what was read: Method, Path and Host may be "",
// fields may be missing, and reading the body fails.
func (c *Ctx) Refused() *problem.Problem {
	return read(c, (*request).refused)
}

func (r *request) refused() *problem.Problem {
	if why := r.x.Refusal; why == exchange.Overloaded {
		return r.ctx.app.overloaded()
	} else if why != nil {
		return problem.New(why.Status, why.Reason)
	}
	return nil
}

// serveRefused answers a request that the engine refuses.
func (c *Ctx) serveRefused() exchange.Outcome {
	c.conclude(c.refused())
	return exchange.Answered
}

// keepRefusal returns what a refused request is answered with when its middleware has
// returned err: the refusal, where that says that all is well.
func (c *Ctx) keepRefusal(err error) error {
	if err == nil && c.x.Forgives() {
		return c.refused()
	}
	return err
}

// redirectSlash sends the client from one spelling of a trailing slash to the other,
// target. The reference is relative, because a proxy or a Mount may have taken a prefix
// off the path, and browsers ask again next time: they keep a 308 without Cache-Control
// for good, and the routes of the next release may be others.
func (c *Ctx) redirectSlash(target string) {
	relative := slashReference(c.Path(), target)
	if query := c.RawQuery(); query != "" {
		relative += "?" + query
	}
	c.SetHeader("Location", relative)
	c.SetHeader("Cache-Control", noCache)
	c.stage(http.StatusPermanentRedirect, "", nil)
}

// slashReference is the relative reference between two paths that differ in a slash at
// the end. It begins with a dot, so that no name in it is taken for a scheme.
func slashReference(from, to string) string {
	if strings.HasSuffix(from, "/") {
		return "../" + to[strings.LastIndexByte(to, '/')+1:]
	}
	to = strings.TrimSuffix(to, "/")
	return "./" + to[strings.LastIndexByte(to, '/')+1:] + "/"
}

// missedRoute is what answers when no route does, behind the middleware of the
// app.
func (a *App) missedRoute() (*route, []error) {
	r := &route{handler: (*Ctx).answerMissed, middleware: a.root.middleware}
	kind := inline
	if len(r.middleware) > 0 {
		r.handler = within(r.handler)
	}
	var errs []error
	for i := len(r.middleware) - 1; i >= 0; i-- {
		r.handler, errs = wrapped(r.middleware[i], r.handler, errs)
		kind = onGoroutine // middleware may block
	}
	r.style.Store(uint32(kind))
	return r, errs
}

// answerMissed answers a request that no route matches.
func (c *Ctx) answerMissed() error {
	switch c.missed.Outcome {
	case router.Redirect:
		c.redirectSlash(c.missed.Location)
		return nil
	case router.MethodNotAllowed:
		c.SetHeader("Allow", c.missed.Allow)
		c.offerQuery()
		if string(c.x.Head.Method) == http.MethodOptions {
			c.stage(http.StatusNoContent, "", nil)
			return nil
		}
		return problem.MethodNotAllowed("")
	case router.BadPath:
		return problem.BadRequest("the path has an invalid percent escape")
	}
	if string(c.x.Head.Path) == "*" { // OPTIONS *: the server as a whole
		c.stage(http.StatusNoContent, "", nil)
		return nil
	}
	return problem.NotFound("")
}

// offerQuery says which questions the route for QUERY takes, if the path has one: it
// belongs to answers that tell what a resource can do (RFC 10008 section 3).
func (c *Ctx) offerQuery() {
	if !strings.Contains(c.missed.Allow, methodQuery) {
		return
	}
	var params router.Params
	m := c.app.router.Match([]byte(methodQuery), c.x.Head.Path, &params)
	if m.Outcome == router.Found && m.Route.Value.acceptQuery != "" {
		c.SetHeader("Accept-Query", m.Route.Value.acceptQuery)
	}
}
