package fasterapi

import "github.com/fasterapi/fasterapi/async"

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
