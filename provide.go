package fasterapi

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/inject"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/internal/parts"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/reactor"
)

// Providers are what FastAPI calls dependencies: they make the values of input
// fields tagged `inject:""`. A field is filled by the provider of its type, or by
// one whose type implements the interface that the field has. What is missing,
// ambiguous or circular is reported when the app starts.

// Provide makes value available to every input field tagged `inject:""` of its
// type, or of an interface that it implements. It is one value for the app: all
// requests share it, so it must be safe for that.
//
// A value with a method UseReactors(*reactor.Group) error is told the reactors
// of the app before it listens, and one with LeaveReactors(context.Context,
// *reactor.Group) error that they are about to stop; the same goes for the driver
// of a *db.Pool. Closing it is the caller's, unless [CloseOnStop] says otherwise.
// What a method Mistake() error returns keeps the app from starting, see [Mistake].
func (a *App) Provide[T any](value T, opts ...ProvideOption) {
	t := reflect.TypeFor[T]()
	p := &valueProvider{Values: inject.ValuesOf[T]()}
	if t.Kind() == reflect.Interface && t.NumMethod() == 0 { // an any: what it holds counts
		if t = reflect.TypeOf(value); t != nil {
			p.Values = inject.ValuesOfType(t)
		}
	}
	p.Value = value
	a.provide(p, opts, false)
}

// ProvideFunc makes the values of T by a function, for each request that needs
// one, and once in it however many fields ask. In is an input struct like a
// handler's: fields from the request, which are checked like all others and
// documented with the routes that need them, and inject fields for what the
// provider itself needs. An error answers the request.
//
// The options [PerApp] and [PerCore] call the function once, or once for each
// reactor, when the app starts.
//
//	app.ProvideFunc(func(c *fasterapi.Ctx, in struct {
//		Token string `header:"Authorization" required:"true"`
//		DB    *db.Pool `inject:""`
//	}) (User, error) {
//		return in.DB.One[User](c, "SELECT … WHERE token = $1", in.Token).Await(c)
//	})
//
// For routes on the reactor it runs there, so it must not block.
func (a *App) ProvideFunc[In, T any](fn func(*Ctx, In) (T, error), opts ...ProvideOption) {
	a.provide(&funcProvider[In, T]{Values: inject.ValuesOf[T](), plain: fn}, opts, false)
}

// ProvideWithCleanup is ProvideFunc for values that must be given back, like
// FastAPI's dependencies with yield. The second result, unless it is nil, runs
// after the response was sent, those of later values first, on a goroutine, with
// the error of the handler or nil. By then the Ctx no longer describes the request:
// work that outlives it takes c.Detach().
//
// With [PerApp] or [PerCore] it runs when the app stops.
func (a *App) ProvideWithCleanup[In, T any](fn func(*Ctx, In) (T, func(error), error), opts ...ProvideOption) {
	a.provide(&funcProvider[In, T]{Values: inject.ValuesOf[T](), cleaned: fn}, opts, false)
}

// ProvideWithOutcome is ProvideFunc for values whose end depends on how the request
// ends: a transaction, which is committed or rolled back. The second result, unless it is
// nil, runs once, behind the handler and before anything of the response is sent, those of
// later values first. It gets nil when the handler has succeeded, and else an error: what
// the handler, a provider or the input has failed with, or that the response has a status
// of 400 or more. It runs where the handler ran, inside of all middleware: in routes on the
// reactor it may await, and must not block.
//
// What it returns then is the answer: after nil, any error, in place of the response of the
// handler; after an error, one that wraps it. Another one is logged. When the
// handler has panicked or ended its goroutine, it runs behind the response like a
// cleanup, with an error.
//
//	app.ProvideWithOutcome(func(c *fasterapi.Ctx, in struct {
//		DB *db.Pool `inject:""`
//	}) (*db.Tx, func(error) error, error) {
//		tx, end := in.DB.Begin(c, db.TxOptions{})
//		return tx, end, nil
//	})
//
// A response that is sent while it is made (SSE, Stream, File, a WebSocket) begins before
// it can be known how it ends, so a route that has one cannot use such a value: that is a
// mistake of the registration. A chain that uses one is awaited in a coroutine of its
// reactor.
func (a *App) ProvideWithOutcome[In, T any](fn func(*Ctx, In) (T, func(error) error, error), opts ...ProvideOption) {
	a.provide(&funcProvider[In, T]{Values: inject.ValuesOf[T](), settled: fn}, opts, false)
}

// ProvideFuture is ProvideFunc for a function that returns a future. Chain
// handlers start when it is settled, without a goroutine; others await it.
func (a *App) ProvideFuture[In, T any](fn func(*Ctx, In) async.Future[T], opts ...ProvideOption) {
	a.provide(&funcProvider[In, T]{Values: inject.ValuesOf[T](), future: fn}, opts, false)
}

// Override puts value in the place of every provider that fills fields of type
// T: for tests. It may be called before or after what it replaces, until the app
// starts. A function with [PerApp] that is replaced is not called.
func (a *App) Override[T any](value T, opts ...ProvideOption) {
	p := &valueProvider{Values: inject.ValuesOf[T]()}
	p.Value = value
	a.provide(p, opts, true)
}

// OverrideFunc is Override by a function, as [App.ProvideFunc] takes it. Whatever way the
// values that it replaces are provided in, any Override does.
func (a *App) OverrideFunc[In, T any](fn func(*Ctx, In) (T, error), opts ...ProvideOption) {
	a.provide(&funcProvider[In, T]{Values: inject.ValuesOf[T](), plain: fn}, opts, true)
}

// OverrideWithCleanup is Override by a function, as [App.ProvideWithCleanup] takes it.
func (a *App) OverrideWithCleanup[In, T any](fn func(*Ctx, In) (T, func(error), error), opts ...ProvideOption) {
	a.provide(&funcProvider[In, T]{Values: inject.ValuesOf[T](), cleaned: fn}, opts, true)
}

// OverrideWithOutcome is Override by a function, as [App.ProvideWithOutcome] takes it.
func (a *App) OverrideWithOutcome[In, T any](fn func(*Ctx, In) (T, func(error) error, error), opts ...ProvideOption) {
	a.provide(&funcProvider[In, T]{Values: inject.ValuesOf[T](), settled: fn}, opts, true)
}

// OverrideFuture is Override by a function, as [App.ProvideFuture] takes it.
func (a *App) OverrideFuture[In, T any](fn func(*Ctx, In) async.Future[T], opts ...ProvideOption) {
	a.provide(&funcProvider[In, T]{Values: inject.ValuesOf[T](), future: fn}, opts, true)
}

// Provided yields the values that all requests share, with the names given to [Named], in the order of their
// registration: what was given to Provide, and, once the app has started, what functions with [PerApp] have made. Behind each
// come the values in the exported fields of its struct, and last, once the app has started, what middleware of package
// middleware stands on: the policies of Guard, and response caches. It is for tools that look for values of a
// kind, such as the pools of the app; they may come more than once.
func (a *App) Provided() iter.Seq2[string, any] {
	return func(yield func(name string, value any) bool) {
		for _, p := range a.providers.list {
			for v := range parts.Of(p.values().Value) {
				if !yield(p.options().name, v) {
					return
				}
			}
		}
		for _, v := range a.providers.noted {
			if !yield("", v) {
				return
			}
		}
	}
}

// note notes what middleware stands on.
func (p *providers) note(v any) {
	if !slices.Contains(p.noted, v) {
		p.noted = append(p.noted, v)
	}
}

// ProvideOption changes one provider.
type ProvideOption func(*registration)

// registration is what options say about a provider, and where it was registered.
type registration struct {
	name     string
	scope    inject.Scope
	scoped   bool // an option set the scope
	closes   bool
	override bool
	site     string
	security []openapi.SecurityUse
	wrong    mistake.List
}

// Named tells several values of one type apart: only fields tagged
// `inject:"name"` get it.
func Named(name string) ProvideOption { return func(r *registration) { r.name = name } }

// PerApp calls the function of a provider once, when the app starts. Its input
// must not read requests, and its Ctx is one of no request.
func PerApp() ProvideOption { return func(r *registration) { r.scope, r.scoped = inject.App, true } }

// PerCore calls the function of a provider once on every reactor, when the app
// starts. A field of its type T holds the value of the request's reactor; handlers
// on goroutines get it too, at the same time as the reactor, so it must be safe
// for that unless all its routes stay on the reactor. A field of type
// *reactor.Sharded[T] holds all of them.
func PerCore() ProvideOption { return func(r *registration) { r.scope, r.scoped = inject.Core, true } }

// CloseOnStop closes the value when the app stops, after what was provided later
// was closed: by Close(context.Context) error or Close() error.
func CloseOnStop() ProvideOption { return func(r *registration) { r.closes = true } }

// provider is a source of values for inject fields.
type provider interface {
	// options returns what its options say; the caller fills it in.
	options() *registration
	// values are where fields find what it makes.
	values() *inject.Values
	// needs are the inject fields of its input.
	needs() []bind.Field
	// check returns mistakes that have nothing to do with other providers.
	check() []error
	// makeValues makes those that do not belong to a request, when the app starts, and
	// appends to stops what has to be done when it stops.
	makeValues(a *App, stops *[]stopHook) error
	// step makes the value for requests of a route.
	step(b *injectionBuilder, slot int) (step, []error)
}

// provide registers p.
func (a *App) provide(p provider, opts []ProvideOption, override bool) {
	r := p.options()
	place := a.registering("the provider of " + p.values().Type.String())
	r.override, r.site = override, place.Site
	for _, opt := range opts {
		if r.wrong.Unless(opt != nil, "a provider option is nil") {
			opt(r)
		}
	}
	if v, ok := p.(*valueProvider); ok {
		if m, ok := v.Value.(interface{ Mistake() error }); ok && !isNil(v.Value) {
			r.wrong.Add(mistake.Of(m.Mistake(), place))
		}
	}
	a.providers.list = append(a.providers.list, p)
	if s, ok := p.(interface{ sharded() provider }); ok && r.scope == inject.Core {
		a.providers.list = append(a.providers.list, s.sharded())
	}
}

// valueProvider provides one value.
//
// Owner: any (immutable once made).
type valueProvider struct {
	registration
	inject.Values
}

func (p *valueProvider) options() *registration { return &p.registration }

func (p *valueProvider) values() *inject.Values { return &p.Values }

func (p *valueProvider) needs() []bind.Field { return nil }

func (p *valueProvider) check() (errs []error) {
	if isNil(p.Value) {
		errs = append(errs, errors.New("it is nil"))
	}
	if p.scoped {
		errs = append(errs, errors.New("PerApp and PerCore are for functions: a value is one for the app"))
	}
	return append(errs, checkCloses(&p.registration, p.Value)...)
}

func (p *valueProvider) makeValues(_ *App, stops *[]stopHook) error {
	if p.closes {
		*stops = append(*stops, closeHook(&p.registration, p.Value))
	}
	return nil
}

func (p *valueProvider) step(*injectionBuilder, int) (step, []error) { return nil, nil }

// isNil tells a nil pointer in an interface too.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Func, reflect.Chan:
		return r.IsNil()
	}
	return false
}

// closer returns what closes v.
func closer(v any) func(context.Context) error {
	switch v := v.(type) {
	case interface{ Close(context.Context) error }:
		return v.Close
	case interface{ Close() error }:
		return func(context.Context) error { return v.Close() }
	}
	return nil
}

func checkCloses(r *registration, v any) []error {
	if r.closes && v != nil && closer(v) == nil {
		return []error{fmt.Errorf("CloseOnStop: %T has no method Close", v)}
	}
	return nil
}

func closeHook(r *registration, v any) stopHook {
	return stopHook{name: fmt.Sprintf("close of %T", v), site: r.site, run: closer(v)}
}

// start makes the values of the scopes app and core, in the order in which they need
// each other.
func (p *providers) start(a *App, stops *[]stopHook) error {
	all := make([]int, len(p.list))
	for i := range all {
		all[i] = i
	}
	for _, scope := range []inject.Scope{inject.App, inject.Core} {
		for _, i := range p.graph.Order(scope, all...) {
			if scope == inject.App && p.replaced(i) {
				continue
			}
			if err := p.list[i].makeValues(a, stops); err != nil {
				return err
			}
		}
	}
	return nil
}

// replaced tells whether provider i would make a value that an override has taken
// the place of.
func (p *providers) replaced(i int) bool {
	if _, makes := p.list[i].(interface{ fillWith([]inject.Fill) }); !makes {
		return false // the value is there, and may have to be closed
	}
	found, err := p.graph.Find(inject.Need{Type: p.list[i].values().Type, Name: p.list[i].options().name})
	return err == nil && found != i
}

// newSetupCtx returns the Ctx of a provider that belongs to no request.
func newSetupCtx(a *App, r *reactor.Reactor) *Ctx {
	return &Ctx{app: a, reactor: r}
}
