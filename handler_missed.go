package fasterapi

import (
	"net/http"
	"strings"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/router"
	"github.com/fasterapi/fasterapi/problem"
)

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
