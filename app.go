package fasterapi

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"sync"

	"github.com/fasterapi/fasterapi/internal/failure"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/internal/restart"
	"github.com/fasterapi/fasterapi/internal/router"
	"github.com/fasterapi/fasterapi/internal/safelog"
	"github.com/fasterapi/fasterapi/observe"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/reactor"
)

// App is a service: its routes, what it provides to them, and its reactors.
//
// Register everything first, from one goroutine; then Run, Start or Handler
// serve it, and nothing may be registered any more: what comes later panics, at
// its line. All other methods are safe from any goroutine.
type App struct {
	cfg    Config
	cfgErr error
	log    *slog.Logger
	// logs are loggers that name a route and a core, a *slog.Logger by a place. Any goroutine.
	logs sync.Map

	// While registered, by the goroutine that registers. wrong is what it has found
	// wrong so far, and place where New was called.
	place     mistake.Place
	wrong     mistake.List
	root      Group
	routes    []*route
	webhooks  []*webhook
	providers providers
	problems  problemForms
	probes    probes
	life      lifecycle
	settings  []reflect.Type // given to ProvideSettings
	anyPort   bool           // Config.Addr was not set: PORT chooses

	// From compiled on.
	docs *docRoutes
	// own are the routes of the framework: documents and probes.
	own    []*route
	router *router.Router[*route]
	// mappers are for what no route answers.
	mappers *failure.Table[*Ctx]
	missed  *route // answers what no route answers, behind the middleware of the app

	// given are listeners that the process was handed; nil: Run was not called. further are what
	// Listen has opened.
	given   *restart.Given
	further furtherListeners

	// From running on.
	reactors *reactor.Group
	recorder *observe.Recorder // nil: nothing is kept of requests
	inFlight []liveTable       // by core
	ahead    []int64           // ns by core: the clock of recorder, of that of the reactor
	drain    drain
	guard    guard
}

// New returns an App without routes. Mistakes in cfg are reported by Run,
// Start or Handler.
func New(cfg Config) *App {
	a := &App{place: mistake.Here(), anyPort: cfg.Addr == ""}
	a.cfg, a.cfgErr = cfg.resolve()
	a.log = safelog.Of(a.cfg.Logger)
	a.root.app = a
	return a
}

// Config returns the configuration with its defaults filled in.
func (a *App) Config() Config { return a.cfg }

// Reactors are the reactors of the app, for stats and work of your own; nil
// before it was started.
func (a *App) Reactors() *reactor.Group { return a.reactors }

// Values that work on the reactors of an app: drivers whose connections belong
// to them.
type (
	reactorUser interface {
		UseReactors(g *reactor.Group) error
	}
	reactorHolder interface {
		ReactorUser() any
	}
	reactorLeaver interface {
		LeaveReactors(ctx context.Context, g *reactor.Group) error
	}
)

// handReactors hands the reactors to a provided value, or its driver, and appends to
// stops what takes them away again. It lists the value's health check.
func (a *App) handReactors(v any, r *registration, stops *[]stopHook) error {
	a.probes.addChecker(v, r.name)
	user, ok := userOf(v)
	if !ok {
		return nil
	}
	if err := user.UseReactors(a.reactors); err != nil {
		return fmt.Errorf("fasterapi: hand the reactors to %T (%s): %w", v, r.site, err)
	}
	if leaver, ok := user.(reactorLeaver); ok {
		*stops = append(*stops, stopHook{
			name: fmt.Sprintf("take the reactors from %T", v), site: r.site,
			run: func(ctx context.Context) error { return leaver.LeaveReactors(ctx, a.reactors) },
		})
	}
	return nil
}

// userOf returns what works on reactors: v itself, or what it says does, as a *db.Pool
// says of its driver.
func userOf(v any) (reactorUser, bool) {
	if holder, ok := v.(reactorHolder); ok {
		v = holder.ReactorUser()
	}
	user, ok := v.(reactorUser)
	return user, ok
}

// Use adds middleware around every route of the app, also in groups, and around
// the answers to requests without a route. The first one added is the outermost, and
// that of groups is inside of it. It comes before the first route: a route that is
// registered already would be outside, which is a mistake that the start reports. Routes
// that are to stay outside need a group beside, not an order:
//
//	app.Get("/health", health)
//	api := app.Group("")
//	api.Use(authenticate)
//	api.Get("/users", users)
func (a *App) Use(m ...Middleware) { a.root.Use(m...) }

// Defaults gives options to every route, also in groups: what the whole service depends
// on, requires or answers, like FastAPI(dependencies=[…], responses={…}). Like
// [App.Use] it comes before the first route.
//
//	app.Defaults(fasterapi.Depends(checkTenant), fasterapi.Returns[problem.Problem](429, "Too many requests"))
func (a *App) Defaults(opts ...RouteOption) {
	a.root.refuseBehind("these options", `give the routes that they are for to a group of their own: app.Group("", options…)`)
	a.root.opts = slices.Concat(a.root.opts, opts)
	a.root.middleware = append(a.root.middleware, middlewareOf(opts)...)
}

// Group returns a group of routes below prefix, "" for none, with options for all of them.
func (a *App) Group(prefix string, opts ...RouteOption) *Group { return a.root.Group(prefix, opts...) }

// MapError answers errors of the type T, as errors.As finds them, with what fn makes of
// them: a [problem.Problem], or another error, which is answered as if the handler had
// returned it. It holds for every route, whenever that was registered, and for what no
// route answers:
//
//	app.MapError(func(c *fasterapi.Ctx, err *orders.SoldOut) error {
//		return problem.Conflict(err.Article + " is sold out")
//	})
//
// It is asked about errors of handlers in every style, of their inputs, dependencies and
// providers, of middleware, of the handshakes of WebSockets and of streams before their first
// byte. The most specific function is asked first: those of the group nearest to the route
// before those of the app, those for types before those for interfaces, and those for error
// last. One that returns nil has not taken the error, and the next is asked; without another one
// it is answered as ever.
//
// A problem is an answer already: functions for *problem.Problem see it (validation, 404
// and 405, what the server refuses by itself, too), those for interfaces do not. The cause in
// it ([problem.Wrap]) is nobody's to map.
//
// Middleware finds in the error of next(c) both the answer and the cause, by errors.As, and
// cleanups of providers, too. An answer from 500 on is logged with the cause, and so is every panic (T
// is *[async.PanicError]). fn must not block: it runs where the handler ran, perhaps on a
// reactor. When it panics, that is logged and the answer is a 500.
func (a *App) MapError[T error](fn func(c *Ctx, err T) error) { a.root.MapError(fn) }

// ProblemsAs sends every problem of the service in a form of its own, instead of a problem
// document: those that handlers return, invalid inputs, 404 and 405, what the server refuses
// by itself (docs/reference/refusals.md) and the 500 of a panic. The OpenAPI document
// follows: its responses for errors have the schema of E and this media type, "" for
// "application/json".
//
//	type Failure struct {
//		Code    int    `json:"code"`
//		Message string `json:"message"`
//	}
//
//	app.ProblemsAs("", func(_ *fasterapi.Ctx, p *problem.Problem) Failure {
//		return Failure{p.Status, cmp.Or(p.Detail, p.Title)}
//	})
//
// E becomes JSON, or is a response type that waits for nothing, such as [HTML]; the media type
// is for JSON. The status and the header fields stay those of the problem. p has a Title, its own
// or the text of its status. form must not change p or block. When it panics, or returns a nil pointer, map or interface, the problem
// document is sent. Mounted handlers answer for themselves, and so does middleware that calls
// [Ctx.Respond]. See also [App.ValidationProblemsAs].
func (a *App) ProblemsAs[E any](mediaType string, form func(c *Ctx, p *problem.Problem) E) {
	a.problems.set(&a.problems.all, newProblemForm(a.registering("ProblemsAs"), mediaType, form))
}

// ValidationProblemsAs is [App.ProblemsAs] for the problems with status 422, which have a
// list of located errors. Without it they go the way of all others.
func (a *App) ValidationProblemsAs[E any](mediaType string, form func(c *Ctx, p *problem.Problem) E) {
	a.problems.set(&a.problems.invalid, newProblemForm(a.registering("ValidationProblemsAs"), mediaType, form))
}

// Routes lists the registered routes in the order of their registration: what tools and
// start-up logs want to know of them. The pages of the framework, such as /docs, are not
// in it.
func (a *App) Routes() []RouteInfo {
	list := make([]RouteInfo, 0, len(a.routes))
	for _, r := range a.routes {
		list = append(list, a.info(r))
	}
	return list
}
