package fasterapi

import (
	"slices"
	"strings"

	"github.com/fasterapi/fasterapi/internal/router"
)

// Group is a set of routes that share a prefix, middleware and options.
type Group struct {
	app        *App
	prefix     string
	middleware []Middleware
	opts       []RouteOption
}

// Use adds middleware around the routes registered after it. The first one
// added is the outermost.
func (g *Group) Use(m ...Middleware) { g.middleware = append(g.middleware, m...) }

// Group returns a group below prefix that starts with the middleware and
// options of g.
func (g *Group) Group(prefix string, opts ...RouteOption) *Group {
	return &Group{
		app:        g.app,
		prefix:     g.prefix + strings.TrimSuffix(prefix, "/"),
		middleware: slices.Clip(g.middleware),
		opts:       slices.Concat(g.opts, opts),
	}
}

// add registers a route.
func (g *Group) add(method, pattern string, kind style, e endpoint, opts []RouteOption) {
	g.register(pattern, &route{method: method, site: callSite(), endpoint: e}, kind, opts)
}

// register adds a route of the group at pattern, which has no prefix yet.
func (g *Group) register(pattern string, r *route, kind style, opts []RouteOption) {
	r.pattern, r.middleware = router.ParsePattern(g.join(pattern)), slices.Clip(g.middleware)
	r.opts.style = kind
	for _, opt := range slices.Concat(g.opts, opts) {
		opt(&r.opts)
	}
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
