package fasterapi

import (
	"cmp"
	"log/slog"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/describe"
	"github.com/fasterapi/fasterapi/internal/failure"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/internal/overload"
	"github.com/fasterapi/fasterapi/internal/router"
	"github.com/fasterapi/fasterapi/internal/websocket"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/reactor"
)

// style says what a handler runs on.
type style uint32

const (
	onGoroutine style = iota // straight line: may block
	onCoroutine              // straight line on the reactor: may await
	asChain                  // on the reactor, returns a future
	inline                   // wherever the exchange is: answers of the framework itself
)

// Handler answers a request. Middleware wraps it; typed handlers become one.
type Handler func(c *Ctx) error

// Middleware wraps the handlers of routes. What it does before and after
// calling next is straight-line code in the style of the route: on a
// goroutine it may block, on a reactor it must not.
//
// Outside in, a request meets that of the app ([App.Use]), of each group from the
// outermost on ([Group.Use]), and of the route (the option [Use]), each in its order.
//
// On a goroutine it may call next on another one, and return before that does. Then the request is over: its context
// has ended, and what next still does to the response changes nothing. A handler that has not got its input by then does
// not begin: next returns [ErrRequestOver].
type Middleware func(next Handler) Handler

// route is one registered handler.
//
// Owner: any (immutable after build); style is atomic.
type route struct {
	method  string
	pattern router.Pattern
	// site is the file:line of the registration, and subject what mistakes call it
	// there; "": by its own name.
	site, subject string
	opts          options
	// own are options that were given to the route itself, and not to all of its group.
	own givenOptions
	// class is how important its requests are, and limits bound how many of them are in
	// flight, by core; both from running on, nil: nothing does.
	class  overload.Class
	limits []*overload.Limit
	// style starts as opts.style; a stalling route moves to goroutines.
	style atomic.Uint32
	// repeated is when one of its requests was logged that repeated a statement, by the clock of the records.
	repeated   atomic.Int64
	endpoint   endpoint
	starter    starter // the endpoint, when style is asChain
	middleware []Middleware
	// group is that of its registration, and mappers what was given to MapError there
	// and around it; nil: nothing.
	group   *Group
	mappers *failure.Table[*Ctx]
	// handler is the endpoint behind its middleware.
	handler Handler
	label   *reactor.Label
	// needsBody: the input has a field for the body, so it is collected.
	needsBody bool
	// facts are for the document; nil: it leaves the route out.
	facts *facts
	// enforced are the schemes that its middleware checks.
	enforced []openapi.SecurityUse
	// secrets are the path wildcards whose values must not be logged.
	secrets map[string]bool
	// queryNames are the parameters that its query may have; nil: any.
	queryNames *bind.QueryNames
	// acceptQuery is the field Accept-Query of a route for QUERY (RFC 10008 section 3).
	acceptQuery string
	// index is its place in what is kept of requests.
	index int
}

// String is how a route is named: "GET /users/{id}".
func (r *route) String() string { return r.method + " " + r.pattern.String() }

// RouteInfo is what is known of a registered route.
type RouteInfo struct {
	Method  string
	Pattern string // with the prefixes of its groups
	// Package is the package of the handler function, "example.org/shop/orders", and
	// Handler its name there: "list", "(*API).list". A closure has the name of the function
	// around it, "main.func1". Both are empty for what was mounted and for files.
	Package, Handler string
	// Name is the handler's name by itself, in camel case: "list" of (*API).List. It is empty
	// for closures.
	Name string
	// File and Line are the place of the registration.
	File string
	Line int
	// OperationID names the route for generated clients. It is empty when the document
	// does not have the route.
	OperationID string
	Tags        []string
	Hidden      bool // by the option of that name
	Deprecated  bool
	// Style is what the handler runs on: "goroutine", "coroutine" on its reactor, or "chain". A route
	// that has held its reactor for too long several times goes from coroutine to goroutine.
	Style string
	// Moved says that it has done so.
	Moved bool
	// Middleware is how many are around the handler, those of groups and the app included. It
	// is 0 before the app has started.
	Middleware int
	// Inputs are what the handler is given, none before the app has started:
	// "path.id int64, required", "query.limit int, default 20", "inject *db.Pool".
	Inputs []string
}

// String is how a route is named: "GET /users/{id}".
func (i RouteInfo) String() string { return i.Method + " " + i.Pattern }

// handled is an endpoint that is a function of the user's.
type handled interface {
	// function is where the code of the handler begins; 0: there is none.
	function() uintptr
}

// info tells what is known of r.
func (a *App) info(r *route) RouteInfo {
	d := &r.opts.details
	i := RouteInfo{Method: r.method, Pattern: r.pattern.String(), Tags: slices.Clone(d.Tags), Hidden: r.opts.hidden, Deprecated: d.Deprecated}
	i.File = r.site
	if at := strings.LastIndexByte(r.site, ':'); at >= 0 {
		if line, err := strconv.Atoi(r.site[at+1:]); err == nil {
			i.File, i.Line = r.site[:at], line
		}
	}
	if i.Style = r.opts.style.String(); a.life.reached(compiled) {
		i.Style, i.Middleware, i.Inputs = style(r.style.Load()).String(), len(r.middleware), r.inputs()
	}
	i.Moved = r.opts.style != onGoroutine && a.life.reached(compiled) && style(r.style.Load()) == onGoroutine
	h, ok := r.endpoint.(handled)
	if !ok {
		return i
	}
	if f := runtime.FuncForPC(h.function()); f != nil {
		i.Package, i.Handler = describe.SplitName(f.Name())
		i.Name = describe.HandlerName(f.Name())
	}
	if !describe.HasMethod(r.method) || i.Hidden {
		return i
	}
	if i.OperationID = d.OperationID; i.OperationID != "" {
		return i
	}
	i.OperationID = describe.ID(r.method, r.pattern)
	if choose := a.cfg.OpenAPI.OperationID; choose != nil {
		i.OperationID = cmp.Or(choose(i), i.OperationID)
	}
	return i
}

// String is how the style is called.
func (s style) String() string {
	return [...]string{onGoroutine: "goroutine", onCoroutine: "coroutine", asChain: "chain", inline: "inline"}[s]
}

// inputs describes what the handler is given, when the route is compiled.
func (r *route) inputs() (list []string) {
	if r.facts == nil || r.facts.plan == nil {
		return nil
	}
	fields := r.facts.plan.Fields()
	for i := range fields {
		f := &fields[i]
		text := f.Location()
		if f.In == bind.Inject {
			text = "inject"
		}
		text += " " + mistake.Short(f.Type.String())
		switch {
		case f.Required:
			text += ", required"
		case f.HasDefault && !f.Sensitive:
			text += ", default " + f.Default
		}
		list = append(list, text)
	}
	return list
}

// named is how mistakes name the route.
func (r *route) named() string { return cmp.Or(r.subject, r.String()) }

// endpoint is a typed handler with its compiled input and output.
type endpoint interface {
	// compile prepares the endpoint for a route; all mistakes at once.
	compile(env *compilation, r *route) (needsBody bool, errs []error)
	// call binds the input, runs the handler to its end and stages the
	// response.
	call(c *Ctx) error
}

// starter is an endpoint that need not run to its end at once: a chain.
type starter interface {
	// start begins it on the reactor. When it reports done the response is staged
	// or err says why not; otherwise the end of the chain finishes c.
	start(c *Ctx) (done bool, err error)
}

// compilation is what routes need of their app to be compiled.
type compilation struct {
	providers *providers
	log       *slog.Logger
	// For WebSockets: Config.HTTP.WriteTimeout, and what they share.
	writeTimeout time.Duration
	pools        *websocket.Pools
}

// compile prepares the route to be served.
func (r *route) compile(env *compilation) []error {
	needsBody, errs := r.endpoint.compile(env, r)
	if err := r.opts.checkStatus(); err != nil {
		errs = append(errs, err)
	}
	errs = append(errs, r.misplaced()...)
	for _, one := range r.opts.wrong {
		errs = append(errs, one)
	}
	if len(errs) > 0 {
		_, errs = r.chain(func(*Ctx) error { return nil }, errs) // what is wrong with the middleware belongs to the list
		return append(errs, r.compileReads()...)
	}
	r.needsBody = needsBody
	if r.method == methodQuery && r.facts != nil && r.facts.plan != nil {
		r.acceptQuery = strings.Join(r.facts.plan.Accepts(), ", ")
	}
	r.handler = r.endpoint.call
	if len(r.middleware) > 0 {
		r.handler = within(r.handler)
	}
	r.handler, errs = r.chain(r.handler, nil)
	if errs = append(errs, r.compileReads()...); len(errs) > 0 {
		r.handler = nil
		return errs
	}
	kind := r.opts.style
	if kind == asChain && (len(r.middleware) > 0 || r.facts.injected.settles != "") {
		kind = onCoroutine // middleware and what hears of the outcome are straight-line code: the chain is awaited
	}
	r.style.Store(uint32(kind))
	if kind == asChain {
		r.starter = r.endpoint.(starter)
	}
	r.label = &reactor.Label{Name: r.String(), Site: r.site, OnStall: func(time.Duration) { r.stalled(env.log) }}
	return nil
}

// chain is h behind the middleware of the route; it adds to errs.
func (r *route) chain(h Handler, errs []error) (Handler, []error) {
	for i := len(r.middleware) - 1; i >= 0; i-- {
		h, errs = r.around(r.middleware[i], h, errs)
	}
	return h, errs
}

// addSecrets notes the path wildcards that an input calls sensitive.
func (r *route) addSecrets(plan *bind.Plan) {
	fields := plan.Fields()
	for i := range fields {
		if f := &fields[i]; f.In == bind.Path && f.Sensitive {
			if r.secrets == nil {
				r.secrets = map[string]bool{}
			}
			r.secrets[f.Key] = true
		}
	}
}
