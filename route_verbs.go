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

// Get registers h for GET and HEAD.
func (a *App) Get[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	a.root.add("GET", pattern, onGoroutine, newStraight(h), opts)
}

// Post registers h for POST.
func (a *App) Post[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	a.root.add("POST", pattern, onGoroutine, newStraight(h), opts)
}

// Put registers h for PUT.
func (a *App) Put[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	a.root.add("PUT", pattern, onGoroutine, newStraight(h), opts)
}

// Patch registers h for PATCH.
func (a *App) Patch[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	a.root.add("PATCH", pattern, onGoroutine, newStraight(h), opts)
}

// Delete registers h for DELETE.
func (a *App) Delete[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	a.root.add("DELETE", pattern, onGoroutine, newStraight(h), opts)
}

// Query registers h for QUERY (RFC 10008): a safe and idempotent request whose question is its
// body, bound like that of POST.
func (a *App) Query[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	a.root.add(methodQuery, pattern, onGoroutine, newStraight(h), opts)
}

// Head registers h for HEAD, instead of the GET route.
func (a *App) Head[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	a.root.add("HEAD", pattern, onGoroutine, newStraight(h), opts)
}

// Options registers h for OPTIONS, instead of the automatic answer.
func (a *App) Options[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	a.root.add("OPTIONS", pattern, onGoroutine, newStraight(h), opts)
}

// The future verbs register a chain: h runs on the reactor, must not block, and
// returns a future whose continuations run there too. See the verbs of the
// same name without Future.

// GetFuture registers the chain h for GET.
func (a *App) GetFuture[In, Out any](pattern string, h func(*Ctx, In) async.Future[Out], opts ...RouteOption) {
	a.root.add("GET", pattern, asChain, newChain(h), opts)
}

// PostFuture registers the chain h for POST.
func (a *App) PostFuture[In, Out any](pattern string, h func(*Ctx, In) async.Future[Out], opts ...RouteOption) {
	a.root.add("POST", pattern, asChain, newChain(h), opts)
}

// PutFuture registers the chain h for PUT.
func (a *App) PutFuture[In, Out any](pattern string, h func(*Ctx, In) async.Future[Out], opts ...RouteOption) {
	a.root.add("PUT", pattern, asChain, newChain(h), opts)
}

// PatchFuture registers the chain h for PATCH.
func (a *App) PatchFuture[In, Out any](pattern string, h func(*Ctx, In) async.Future[Out], opts ...RouteOption) {
	a.root.add("PATCH", pattern, asChain, newChain(h), opts)
}

// DeleteFuture registers the chain h for DELETE.
func (a *App) DeleteFuture[In, Out any](pattern string, h func(*Ctx, In) async.Future[Out], opts ...RouteOption) {
	a.root.add("DELETE", pattern, asChain, newChain(h), opts)
}

// QueryFuture registers the chain h for QUERY.
func (a *App) QueryFuture[In, Out any](pattern string, h func(*Ctx, In) async.Future[Out], opts ...RouteOption) {
	a.root.add(methodQuery, pattern, asChain, newChain(h), opts)
}

// A group has the same verbs, below its prefix. App does not embed Group, so that the
// documentation of App shows its verbs.

// Get registers h for GET and HEAD.
func (g *Group) Get[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	g.add("GET", pattern, onGoroutine, newStraight(h), opts)
}

// Post registers h for POST.
func (g *Group) Post[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	g.add("POST", pattern, onGoroutine, newStraight(h), opts)
}

// Put registers h for PUT.
func (g *Group) Put[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	g.add("PUT", pattern, onGoroutine, newStraight(h), opts)
}

// Patch registers h for PATCH.
func (g *Group) Patch[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	g.add("PATCH", pattern, onGoroutine, newStraight(h), opts)
}

// Delete registers h for DELETE.
func (g *Group) Delete[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	g.add("DELETE", pattern, onGoroutine, newStraight(h), opts)
}

// Query registers h for QUERY (RFC 10008): a safe and idempotent request whose question is its
// body, bound like that of POST.
func (g *Group) Query[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	g.add(methodQuery, pattern, onGoroutine, newStraight(h), opts)
}

// Head registers h for HEAD, instead of the GET route.
func (g *Group) Head[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	g.add("HEAD", pattern, onGoroutine, newStraight(h), opts)
}

// Options registers h for OPTIONS, instead of the automatic answer.
func (g *Group) Options[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	g.add("OPTIONS", pattern, onGoroutine, newStraight(h), opts)
}

// GetFuture registers the chain h for GET.
func (g *Group) GetFuture[In, Out any](pattern string, h func(*Ctx, In) async.Future[Out], opts ...RouteOption) {
	g.add("GET", pattern, asChain, newChain(h), opts)
}

// PostFuture registers the chain h for POST.
func (g *Group) PostFuture[In, Out any](pattern string, h func(*Ctx, In) async.Future[Out], opts ...RouteOption) {
	g.add("POST", pattern, asChain, newChain(h), opts)
}

// PutFuture registers the chain h for PUT.
func (g *Group) PutFuture[In, Out any](pattern string, h func(*Ctx, In) async.Future[Out], opts ...RouteOption) {
	g.add("PUT", pattern, asChain, newChain(h), opts)
}

// PatchFuture registers the chain h for PATCH.
func (g *Group) PatchFuture[In, Out any](pattern string, h func(*Ctx, In) async.Future[Out], opts ...RouteOption) {
	g.add("PATCH", pattern, asChain, newChain(h), opts)
}

// DeleteFuture registers the chain h for DELETE.
func (g *Group) DeleteFuture[In, Out any](pattern string, h func(*Ctx, In) async.Future[Out], opts ...RouteOption) {
	g.add("DELETE", pattern, asChain, newChain(h), opts)
}

// QueryFuture registers the chain h for QUERY.
func (g *Group) QueryFuture[In, Out any](pattern string, h func(*Ctx, In) async.Future[Out], opts ...RouteOption) {
	g.add(methodQuery, pattern, asChain, newChain(h), opts)
}
