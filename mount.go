package fasterapi

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

	"github.com/fasterapi/fasterapi/internal/bridge"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/problem"
)

// mountedMethods are what a mounted handler may be asked for: those of RFC
// 9110, of WebDAV, and QUERY (RFC 10008). HEAD is answered through GET's route.
func mountedMethods() []string {
	return []string{
		"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY",
		"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT",
	}
}

// Mount gives every request for prefix and for what is below it to h, on
// goroutines, over both engines, behind the middleware of the app. Like behind
// [http.StripPrefix], h sees paths without prefix, and "/" for prefix itself.
// Routes of the app that are more specific come first.
//
// Nobody knows what h answers, so the OpenAPI document leaves it out; describe
// it with OpenAPIConfig.Edit. Depends does not reach it, middleware does.
//
// What h streams in answer to HEAD is not sent: once its head is, the context of the
// request ends and writes fail with [http.ErrBodyNotAllowed], unless h has said
// how long its body is: then it may write as much while client and server are there.
// With status 204, 205 and 304 writes fail at once.
//
// The body of the request comes as it was sent: h decodes a Content-Encoding, or
// refuses it. Bodies stream both ways; the option [MaxBody] bounds the request's (default
// Config.MaxBody). Flush, Hijack and [http.ResponseController]'s full duplex
// work; its deadlines do not, because the engine has its own. The context of
// the request is the [Ctx], so FromRequest finds it. Informational responses but 103,
// which has the Link fields, and trailers of h are not sent.
//
// Where a net/http server carries the request (HTTP/2, or around [App.Handler]), h gets it
// as it came: r.Proto, r.RemoteAddr and trailers, and its URL as [http.StripPrefix] around
// the App left it. r.TLS is what the handshake has found ([Ctx.TLS]); without TLS it only
// tells that a trusted proxy has said so, see [Ctx.SetClient].
func (a *App) Mount(prefix string, h http.Handler, opts ...RouteOption) {
	a.root.mount(prefix, h, opts)
}

// Mount gives every request for prefix and for what is below it to h, see
// [App.Mount]. h sees paths without the prefix of the group, too.
func (g *Group) Mount(prefix string, h http.Handler, opts ...RouteOption) { g.mount(prefix, h, opts) }

func (g *Group) mount(prefix string, h http.Handler, opts []RouteOption) {
	site, subject := mistake.Here().Site, "Mount "+g.prefix+prefix
	prefix = strings.TrimSuffix(prefix, "/")
	m := &mounted{handler: h, depth: strings.Count(g.prefix+prefix, "/")}
	patterns := []string{prefix + "/{path...}"}
	if m.depth > 0 {
		patterns = append(patterns, cmp.Or(prefix, "/"))
	}
	for _, pattern := range patterns {
		for _, method := range mountedMethods() {
			g.register(pattern, &route{method: method, site: site, subject: subject, endpoint: m}, onGoroutine, opts)
		}
	}
}

// mounted is a route that an http.Handler answers.
//
// Owner: any (immutable after build).
type mounted struct {
	handler http.Handler
	depth   int // segments of the prefix
}

func (m *mounted) compile(_ *compilation, r *route) (bool, []error) {
	var errs []error
	if m.handler == nil {
		errs = append(errs, errors.New("the mounted http.Handler is nil"))
	}
	if r.opts.style != onGoroutine {
		errs = append(errs, errors.New("a mounted http.Handler may block, so it must run on goroutines"))
	}
	errs = append(errs, r.opts.refuseDepends()...)
	return false, errs
}

// refuseDepends reports dependencies that would never be run: of a group, perhaps
// to keep strangers out.
func (o *options) refuseDepends() []error {
	if len(o.depends) == 0 {
		return nil
	}
	return []error{errors.New("Depends, of the route or of its group, does not reach mounted handlers and files: use middleware")}
}

func (m *mounted) call(c *Ctx) error {
	r, err := bridge.NewRequest(c, holder{c}, m.depth)
	if err != nil {
		return badTarget(err)
	}
	return bridge.Serve(holder{c}, m.handler, r)
}

// badTarget is the answer to a request that net/http could not make anything of.
func badTarget(err error) error {
	return problem.Wrap(err, http.StatusBadRequest, "the request target cannot be understood")
}

// FromRequest returns the [Ctx] of a request that a mounted handler or net/http
// middleware has, nil for requests of another server.
func FromRequest(r *http.Request) *Ctx {
	c, _ := r.Context().Value(ctxKey{}).(*Ctx)
	return c
}

// ctxKey is what a Ctx answers to with itself.
type ctxKey struct{}

// WrapMiddleware makes middleware for net/http usable here, for routes of every
// style:
//
//	app.Use(fasterapi.WrapMiddleware(handlers.ProxyHeaders))
//
// It sees the request and the whole response, also one of an error, and may answer
// itself. Values that it puts into the request's context are found by c.Value, and a
// body that it puts in place of the request's is the one that is bound, see
// [Ctx.FilterBody], and the fields Content-Encoding, Content-Type and the digests are gone when it deletes
// them with it; what else it changes in the request stays unseen by the handler. When it
// answers while the handler still runs, as [http.TimeoutHandler] does, c ends,
// and the answer waits until the handler has returned. On a reactor it must not
// block nor start goroutines, and no response can be streamed through it.
func WrapMiddleware(middleware func(http.Handler) http.Handler) Middleware {
	if middleware == nil {
		return Mistake[Middleware](errors.New("the middleware is nil"))
	}
	return func(next Handler) Handler {
		wrapped := middleware(bridge.Inner(func(h bridge.Holder, replaced *http.Request) { h.(holder).answerInside(next, replaced) }))
		return func(c *Ctx) error {
			r, err := bridge.NewWrapped(holder{c})
			switch {
			case err == nil:
			case c.Refused() != nil: // perhaps because of what cannot be understood
				return next(c)
			default:
				return badTarget(err)
			}
			err = bridge.Serve(holder{c}, wrapped, r)
			if thrown := c.panicThrown(); thrown != nil { // the middleware has answered, perhaps without a word of it
				c.logged(thrown, problem.Internal(""))
			}
			return err
		}
	}
}

// answerInside stages what a handler inside of net/http middleware answers. Its panic
// goes on to the middleware, which may panic again somewhere else, or let it disappear:
// the stack is kept.
func (c *Ctx) answerInside(next Handler, replaced *http.Request) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			thrown := c.panicError(v)
			c.change(func(r *request) { r.thrown = thrown })
			panic(v)
		}
	}()
	var err error
	if replaced != nil {
		err = c.takeBodyOf(replaced)
	}
	if err == nil {
		err = next(c)
	}
	returned = true
	if err == nil {
		err = c.droppedReference()
	}
	if err != nil {
		c.fail(err)
	}
}
