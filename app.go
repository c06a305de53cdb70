package fasterapi

import (
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/router"
	"github.com/fasterapi/fasterapi/reactor"
)

// App is a service: its routes, what it provides to them, and its reactors.
//
// Register everything first, from one goroutine; then Run, Start or Handler
// serve it, and nothing may be registered any more. All other methods are safe
// from any goroutine.
type App struct {
	cfg    Config
	cfgErr error
	log    *slog.Logger

	// Until build, by the registering goroutine.
	root      Group
	routes    []*route
	webhooks  []*webhook
	providers providers
	life      lifecycle

	planning sync.Once
	planErr  error
	once     sync.Once
	buildErr error
	docs     *docRoutes
	router   *router.Router[*route]
	// missed answers what no route answers, behind the middleware of the app.
	missed   *route
	reactors *reactor.Group
	ongoing  ongoing
}

// New returns an App without routes. Mistakes in cfg are reported by Run,
// Start or Handler.
func New(cfg Config) *App {
	a := &App{}
	a.cfg, a.cfgErr = cfg.withDefaults()
	a.log = a.cfg.Logger
	a.root.app = a
	return a
}

// Config returns the configuration with its defaults filled in.
func (a *App) Config() Config { return a.cfg }

// Reactors are the reactors of the app, for stats and work of your own; nil
// before it was started.
func (a *App) Reactors() *reactor.Group { return a.reactors }

// Use adds middleware around every route registered after it, and, for the
// root of the app, around the answers to requests without a route. The first
// one added is the outermost.
func (a *App) Use(m ...Middleware) { a.root.Use(m...) }

// Defaults gives options to every route registered after it, also in groups:
// what the whole service depends on, requires or answers, like
// FastAPI(dependencies=[…], responses={…}).
//
//	app.Defaults(fasterapi.Depends(checkTenant), fasterapi.Responds(429, nil, "Too many requests"))
func (a *App) Defaults(opts ...RouteOption) { a.root.opts = slices.Concat(a.root.opts, opts) }

// Group returns a group of routes below prefix.
func (a *App) Group(prefix string, opts ...RouteOption) *Group { return a.root.Group(prefix, opts...) }

// build compiles the routes and starts the reactors, once.
func (a *App) build() error {
	a.once.Do(func() {
		if a.buildErr = a.plan(); a.buildErr != nil {
			return
		}
		if a.reactors, a.buildErr = reactor.Start(a.cfg.reactors()); a.buildErr != nil {
			a.buildErr = fmt.Errorf("start the reactors: %w", a.buildErr)
			return
		}
		a.watchStuck()
		a.ongoing.begin(a.reactors.Len())
		a.life.tailing = make([]exchange.Names, a.reactors.Len())
	})
	return a.buildErr
}

// plan compiles the routes, once.
func (a *App) plan() error {
	a.planning.Do(func() { a.planErr = a.compile() })
	return a.planErr
}

func (a *App) compile() error {
	if a.cfgErr != nil {
		return a.cfgErr
	}
	var mistakes mistakes
	var b router.Builder[*route]
	a.docs = a.newDocRoutes()
	for _, r := range slices.Concat(a.routes, a.docs.routes) {
		b.Add(r.method, r.pattern, r, r.site)
	}
	built, err := b.Build()
	mistakes.addRouter(err)
	if built != nil {
		a.router = built
	}
	a.providers.compile(&mistakes)
	env := &compilation{
		providers: &a.providers, log: a.log, writeTimeout: a.cfg.HTTP.WriteTimeout, pools: &a.ongoing.pools,
	}
	for _, r := range slices.Concat(a.routes, a.docs.routes) {
		mistakes.addRoute(r, r.compile(env))
	}
	if len(mistakes.list) == 0 {
		mistakes.addLines(a.docs.describe(a))
	}
	if err := mistakes.err(); err != nil {
		return err
	}
	a.missed = a.missedRoute()
	return nil
}

// callSite is the file:line of the user's call that is under way: the innermost frame
// outside of this package, or in one of its tests.
func callSite() string {
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		if f.File != "" && (!strings.HasPrefix(f.Function, ownFunctions) || strings.HasSuffix(f.File, "_test.go")) {
			return fmt.Sprintf("%s:%d", f.File, f.Line)
		}
		if !more {
			return "unknown"
		}
	}
}

// ownFunctions is how the names of this package's functions begin.
const ownFunctions = "github.com/fasterapi/fasterapi."

// Routes lists the registered routes as "METHOD /pattern", in the order of
// their registration.
func (a *App) Routes() []string {
	names := make([]string, 0, len(a.routes))
	for _, r := range a.routes {
		names = append(names, r.String())
	}
	return names
}
