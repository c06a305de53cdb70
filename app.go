package fasterapi

import (
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"

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

	// While registered, by the goroutine that registers.
	root      Group
	routes    []*route
	webhooks  []*webhook
	providers providers
	life      lifecycle

	// From compiled on.
	docs   *docRoutes
	router *router.Router[*route]
	missed *route // answers what no route answers, behind the middleware of the app

	// From running on.
	reactors *reactor.Group
	ongoing  ongoing
}

// New returns an App without routes. Mistakes in cfg are reported by Run,
// Start or Handler.
func New(cfg Config) *App {
	a := &App{}
	a.cfg, a.cfgErr = cfg.resolve()
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
//	app.Defaults(fasterapi.Depends(checkTenant), fasterapi.Returns[problem.Problem](429, "Too many requests"))
func (a *App) Defaults(opts ...RouteOption) {
	a.root.opts = slices.Concat(a.root.opts, opts)
	a.root.Use(middlewareOf(opts)...)
}

// Group returns a group of routes below prefix.
func (a *App) Group(prefix string, opts ...RouteOption) *Group { return a.root.Group(prefix, opts...) }

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
