package fasterapi

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/failure"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/internal/router"
)

// The verbs register a typed handler for a method and a pattern. In is the
// input struct, whose tags say where each field comes from ([None] for no
// input); Out is the response: a struct becomes JSON, and the types of this
// package (Text, HTML, Response, Stream, …) say otherwise.
//
// Patterns are those of net/http: "/users/{id}", "/files/{rest...}". The most
// specific one wins; conflicts are reported at start-up with both places.

// methodQuery is the method of RFC 10008, which net/http has no name for.
const methodQuery = "QUERY"

// Get registers h for GET requests whose path matches pattern, and for HEAD, unless that has
// a route of its own ([App.Head]): then h runs too, but its content is not sent, and the
// source of a [Stream], an [SSE] or a [JSONLines] does not run.
//
//	app.Get("/users/{id}", getUser)       // {id}: one segment, the field tagged path:"id"
//	app.Get("/files/{rest...}", getFile)  // {rest...}: all that remains
//
// The types of In and Out are those of h. The pattern's rules, and which of several wins, are
// in the package documentation. h runs on a goroutine and may block; with [OnReactor] it runs on the
// reactor and must not. Mistakes in pattern, In and options are reported together
// when the app starts, as a [*RegistrationError].
func (a *App) Get[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	a.root.add("GET", pattern, onGoroutine, newStraight(h), opts)
}

// Post registers h for POST, see [App.Get] for patterns and where h runs. The field of In that is
// tagged body:"" has the JSON of the request; one tagged body:"raw", or fields tagged form and file, others.
func (a *App) Post[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	a.root.add("POST", pattern, onGoroutine, newStraight(h), opts)
}

// Put registers h for PUT, see [App.Get] and [App.Post].
func (a *App) Put[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	a.root.add("PUT", pattern, onGoroutine, newStraight(h), opts)
}

// Patch registers h for PATCH, see [App.Get] and [App.Post]. Members of type [Opt] tell what is
// absent from what is null.
func (a *App) Patch[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	a.root.add("PATCH", pattern, onGoroutine, newStraight(h), opts)
}

// Delete registers h for DELETE, see [App.Get]. A handler that returns [None] answers 204.
func (a *App) Delete[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	a.root.add("DELETE", pattern, onGoroutine, newStraight(h), opts)
}

// Query registers h for QUERY (RFC 10008): a safe and idempotent request whose question is its
// body, bound like that of POST, see [App.Post].
func (a *App) Query[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	a.root.add(methodQuery, pattern, onGoroutine, newStraight(h), opts)
}

// Head registers h for HEAD, in the place of the GET route, see [App.Get].
func (a *App) Head[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	a.root.add("HEAD", pattern, onGoroutine, newStraight(h), opts)
}

// Options registers h for OPTIONS, in the place of the answer with Allow that is
// given otherwise, see [App.Get].
func (a *App) Options[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	a.root.add("OPTIONS", pattern, onGoroutine, newStraight(h), opts)
}

// The future verbs register a chain: h runs on the reactor, must not block, and
// returns a future whose continuations run there too. See the verbs of the
// same name without Future.

// GetFuture registers the chain h for GET and HEAD, see [App.Get]. h is called on the reactor and
// must not block, and neither must the continuations of its future. It is the cheapest way
// to answer, and the hardest to read: take it for what [App.Get] has been measured too slow for.
func (a *App) GetFuture[In, Out any](pattern string, h func(*Ctx, In) async.Future[Out], opts ...RouteOption) {
	a.root.add("GET", pattern, asChain, newChain(h), opts)
}

// PostFuture registers the chain h for POST, see [App.GetFuture] and [App.Post].
func (a *App) PostFuture[In, Out any](pattern string, h func(*Ctx, In) async.Future[Out], opts ...RouteOption) {
	a.root.add("POST", pattern, asChain, newChain(h), opts)
}

// PutFuture registers the chain h for PUT, see [App.GetFuture] and [App.Put].
func (a *App) PutFuture[In, Out any](pattern string, h func(*Ctx, In) async.Future[Out], opts ...RouteOption) {
	a.root.add("PUT", pattern, asChain, newChain(h), opts)
}

// PatchFuture registers the chain h for PATCH, see [App.GetFuture] and [App.Patch].
func (a *App) PatchFuture[In, Out any](pattern string, h func(*Ctx, In) async.Future[Out], opts ...RouteOption) {
	a.root.add("PATCH", pattern, asChain, newChain(h), opts)
}

// DeleteFuture registers the chain h for DELETE, see [App.GetFuture] and [App.Delete].
func (a *App) DeleteFuture[In, Out any](pattern string, h func(*Ctx, In) async.Future[Out], opts ...RouteOption) {
	a.root.add("DELETE", pattern, asChain, newChain(h), opts)
}

// QueryFuture registers the chain h for QUERY, see [App.GetFuture] and [App.Query].
func (a *App) QueryFuture[In, Out any](pattern string, h func(*Ctx, In) async.Future[Out], opts ...RouteOption) {
	a.root.add(methodQuery, pattern, asChain, newChain(h), opts)
}

// A group has the same verbs, below its prefix. App does not embed Group, so that the
// documentation of App shows its verbs.

// Get is [App.Get] below the prefix of the group, with its middleware and options.
func (g *Group) Get[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	g.add("GET", pattern, onGoroutine, newStraight(h), opts)
}

// Post is [App.Post] below the prefix of the group, with its middleware and options.
func (g *Group) Post[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	g.add("POST", pattern, onGoroutine, newStraight(h), opts)
}

// Put is [App.Put] below the prefix of the group, with its middleware and options.
func (g *Group) Put[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	g.add("PUT", pattern, onGoroutine, newStraight(h), opts)
}

// Patch is [App.Patch] below the prefix of the group, with its middleware and options.
func (g *Group) Patch[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	g.add("PATCH", pattern, onGoroutine, newStraight(h), opts)
}

// Delete is [App.Delete] below the prefix of the group, with its middleware and options.
func (g *Group) Delete[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	g.add("DELETE", pattern, onGoroutine, newStraight(h), opts)
}

// Query is [App.Query] below the prefix of the group, with its middleware and options.
func (g *Group) Query[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	g.add(methodQuery, pattern, onGoroutine, newStraight(h), opts)
}

// Head is [App.Head] below the prefix of the group.
func (g *Group) Head[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	g.add("HEAD", pattern, onGoroutine, newStraight(h), opts)
}

// Options is [App.Options] below the prefix of the group.
func (g *Group) Options[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	g.add("OPTIONS", pattern, onGoroutine, newStraight(h), opts)
}

// GetFuture is [App.GetFuture] below the prefix of the group.
func (g *Group) GetFuture[In, Out any](pattern string, h func(*Ctx, In) async.Future[Out], opts ...RouteOption) {
	g.add("GET", pattern, asChain, newChain(h), opts)
}

// PostFuture is [App.PostFuture] below the prefix of the group.
func (g *Group) PostFuture[In, Out any](pattern string, h func(*Ctx, In) async.Future[Out], opts ...RouteOption) {
	g.add("POST", pattern, asChain, newChain(h), opts)
}

// PutFuture is [App.PutFuture] below the prefix of the group.
func (g *Group) PutFuture[In, Out any](pattern string, h func(*Ctx, In) async.Future[Out], opts ...RouteOption) {
	g.add("PUT", pattern, asChain, newChain(h), opts)
}

// PatchFuture is [App.PatchFuture] below the prefix of the group.
func (g *Group) PatchFuture[In, Out any](pattern string, h func(*Ctx, In) async.Future[Out], opts ...RouteOption) {
	g.add("PATCH", pattern, asChain, newChain(h), opts)
}

// DeleteFuture is [App.DeleteFuture] below the prefix of the group.
func (g *Group) DeleteFuture[In, Out any](pattern string, h func(*Ctx, In) async.Future[Out], opts ...RouteOption) {
	g.add("DELETE", pattern, asChain, newChain(h), opts)
}

// QueryFuture is [App.QueryFuture] below the prefix of the group.
func (g *Group) QueryFuture[In, Out any](pattern string, h func(*Ctx, In) async.Future[Out], opts ...RouteOption) {
	g.add(methodQuery, pattern, asChain, newChain(h), opts)
}

// Group is a set of routes that share a prefix, middleware and options. A function that
// registers the routes of a package takes a Group; for those of the whole app
// that is app.Group(""):
//
//	func Routes(g *fasterapi.Group) { g.Get("/users/{id}", get) }
//
//	users.Routes(app.Group(""))          // /users/{id}
//	users.Routes(app.Group("/v2", auth)) // /v2/users/{id}, with an option
//
// No interface stands for both: generic methods cannot be in one.
type Group struct {
	app        *App
	parent     *Group // nil: the group of the app itself
	mappers    []*failure.Mapper[*Ctx]
	prefix     string
	middleware []Middleware
	opts       []RouteOption
}

// Use adds middleware around the routes of the group and of the groups below it. The
// first one added is the outermost; that of the groups above is around it. It comes
// before the first of those routes, see [App.Use].
func (g *Group) Use(m ...Middleware) {
	group := "app.Group"
	if g.parent != nil {
		group = "group.Group"
	}
	g.refuseBehind("this middleware", "give the routes that it is for a group of their own: g := "+group+`(""); g.Use(…)`)
	g.app.wrong.Add(checkMiddleware(m))
	g.middleware = append(g.middleware, m...)
}

// MapError is [App.MapError] for the routes of the group and of the groups in it,
// whenever they were registered. It is asked before those of the groups around it.
func (g *Group) MapError[T error](fn func(c *Ctx, err T) error) {
	place := g.app.registering("MapError")
	g.mappers = append(g.mappers, failure.MapperOf(place.Site, fn))
}

// errorTable returns what was given to MapError for the routes of g.
func (g *Group) errorTable() (*failure.Table[*Ctx], []error) {
	var scopes [][]*failure.Mapper[*Ctx]
	for ; g != nil; g = g.parent {
		scopes = append(scopes, g.mappers)
	}
	return failure.NewTable(scopes...)
}

// Group returns a group below prefix, with the middleware and options of g, also those
// that g gets later.
func (g *Group) Group(prefix string, opts ...RouteOption) *Group {
	g.app.wrong.Unless(g.prefix == "" || prefix == "" || prefix[0] == '/',
		fmt.Sprintf("the prefix %q must begin with a slash: behind that of the group it would be %q", prefix, g.prefix+prefix))
	return &Group{
		app: g.app, parent: g, prefix: g.prefix + strings.TrimSuffix(prefix, "/"),
		middleware: middlewareOf(opts), opts: slices.Clone(opts),
	}
}

// checkMiddleware finds middleware that is nil.
func checkMiddleware(list []Middleware) (wrong mistake.List) {
	for _, m := range list {
		wrong.Unless(m != nil, "the middleware is nil")
	}
	return wrong
}

// allMiddleware is that of the groups above g, and its own.
func (g *Group) allMiddleware() []Middleware {
	if g.parent == nil {
		return slices.Clip(g.middleware)
	}
	return slices.Concat(g.parent.allMiddleware(), g.middleware)
}

// allOptions are those of the groups above g, and its own.
func (g *Group) allOptions() []RouteOption {
	if g.parent == nil {
		return slices.Clip(g.opts)
	}
	return slices.Concat(g.parent.allOptions(), g.opts)
}

// within tells whether g is outer, or below it.
func (g *Group) within(outer *Group) bool {
	return g != nil && (g == outer || g.parent.within(outer))
}

// refuseBehind notes a mistake when routes of g or below it are there already: whoever
// reads the call expects what to hold for them.
func (g *Group) refuseBehind(what, remedy string) {
	g.app.registering(what)
	var first *route
	more := map[string]bool{}
	for _, r := range g.app.routes {
		if !r.group.within(g) {
			continue
		}
		if first == nil {
			first = r
		}
		more[r.site+" "+r.named()] = true
	}
	if first == nil {
		return
	}
	are := "is"
	if n := len(more) - 1; n > 0 {
		are = fmt.Sprintf("and %d more are", n)
	}
	g.app.wrong.Unless(false, fmt.Sprintf("%s (%s) %s registered above and would go without %s: "+
		"call this before the first route, or %s", first.named(), first.site, are, what, remedy))
}

// middlewareOf is what the option Use among opts adds. In a group it takes its place
// between that of the groups around and that which the group's own Use adds later.
func middlewareOf(opts []RouteOption) []Middleware { return optionsOf(opts).middleware }

// optionsOf is what opts say by themselves.
func optionsOf(opts []RouteOption) *options {
	var o options
	o.apply(opts)
	return &o
}

// add registers a route.
func (g *Group) add(method, pattern string, kind style, e endpoint, opts []RouteOption) {
	g.register(pattern, &route{method: method, site: mistake.Here().Site, endpoint: e}, kind, opts)
}

// register adds a route of the group at pattern, which has no prefix yet.
func (g *Group) register(pattern string, r *route, kind style, opts []RouteOption) {
	r.pattern, r.group = router.ParsePattern(g.join(pattern)), g
	g.app.registering(r.named())
	r.opts.wrong.Unless(g.prefix == "" || pattern == "" || pattern[0] == '/',
		fmt.Sprintf("the pattern %q must begin with a slash: behind the prefix of the group it would be %q", pattern, g.join(pattern)))
	r.opts.style = kind
	r.opts.apply(g.allOptions())
	r.opts.apply(opts)
	own := optionsOf(opts)
	r.middleware = slices.Concat(g.allMiddleware(), own.middleware)
	r.own = own.given()
	if kind == asChain {
		r.opts.style = asChain
	}
	g.app.routes = append(g.app.routes, r)
}

// join puts the prefix before a pattern; a group's "/" is the group itself.
func (g *Group) join(pattern string) string {
	if pattern == "/" && g.prefix != "" {
		return g.prefix
	}
	return g.prefix + pattern
}
