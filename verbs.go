package fasterapi

// The verbs register a typed handler for a method and a pattern. In is the
// input struct, whose tags say where each field comes from ([None] for no
// input); Out is the response: a struct becomes JSON, and the types of this
// package (Text, HTML, Response, Stream, …) say otherwise.
//
// Patterns are those of net/http: "/users/{id}", "/files/{rest...}". The most
// specific one wins; conflicts are reported at start-up with both places.

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

// Head registers h for HEAD, instead of the GET route.
func (a *App) Head[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	a.root.add("HEAD", pattern, onGoroutine, newStraight(h), opts)
}

// Options registers h for OPTIONS, instead of the automatic answer.
func (a *App) Options[In, Out any](pattern string, h func(*Ctx, In) (Out, error), opts ...RouteOption) {
	a.root.add("OPTIONS", pattern, onGoroutine, newStraight(h), opts)
}
