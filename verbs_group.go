package fasterapi

import "github.com/fasterapi/fasterapi/async"

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
