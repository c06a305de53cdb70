package fasterapi

import "github.com/fasterapi/fasterapi/async"

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
