package fasterapi

import (
	"errors"
	"fmt"
	"path"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"github.com/fasterapi/fasterapi/internal/describe"
	"github.com/fasterapi/fasterapi/internal/failure"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/internal/router"
)

// compile takes the app to the stage compiled, once. It may be called while the app
// starts and later.
func (a *App) compile() error {
	if a.life.reached(compiled) {
		return nil
	}
	a.life.seal()
	a.life.mu.Lock()
	defer a.life.mu.Unlock()
	return a.compileOnce()
}

// compileOnce is compile with life.mu held.
func (a *App) compileOnce() error {
	if a.life.reached(compiled) {
		return nil
	}
	if a.life.failed == nil {
		if a.life.failed = a.compileAll(); a.life.failed == nil {
			a.life.stage.Store(uint32(compiled))
		}
	}
	return a.life.failed
}

// compileAll finds everything that is wrong with the app, and prepares its routes.
func (a *App) compileAll() error {
	var wrong mistakes
	wrong.addAll(mistake.Of(a.cfgErr, a.place))
	wrong.addAll(a.wrong)
	a.docs = a.newDocRoutes()
	a.own = append(a.docs.routes, a.probeRoutes()...)
	routes := slices.Concat(a.routes, a.own)
	a.build(routes, &wrong)
	a.providers.compile(&wrong)
	a.compileErrors(&wrong)
	env := &compilation{
		providers: &a.providers, log: a.log, writeTimeout: a.cfg.HTTP.WriteTimeout, pools: &a.drain.pools,
	}
	for _, r := range routes {
		wrong.addRoute(r, r.compile(env))
	}
	wrong.addAll(unchecked(a.routes))
	for _, w := range a.webhooks {
		wrong.addAll(w.opts.wrong)
		wrong.addAll(mistake.Of(w.opts.checkStatus(), mistake.Place{Call: "the webhook " + w.name, Site: w.site}))
	}
	var errs []error
	a.missed, errs = a.missedRoute()
	wrong.addAll(mistake.Of(errors.Join(errs...), a.place))
	a.docs.describe(a, &wrong)
	return wrong.err()
}

// compileErrors gives every route what was given to MapError for it.
func (a *App) compileErrors(m *mistakes) {
	tables := map[*Group]*failure.Table[*Ctx]{}
	for _, r := range slices.Concat(a.routes, a.own) {
		table, compiled := tables[r.group]
		if !compiled {
			var errs []error
			table, errs = r.group.errorTable()
			tables[r.group] = table
			for _, err := range errs {
				m.add(err.Error())
			}
		}
		r.mappers = table
	}
	a.mappers, _ = a.root.errorTable()
	m.addAll(a.problems.wrong)
}

// build makes the router.
func (a *App) build(routes []*route, wrong *mistakes) {
	var b router.Builder[*route]
	subjects := map[string]string{} // by place: what one call registers is one route to who reads
	for _, r := range routes {
		b.Add(r.method, r.pattern, r, r.site)
		if r.subject != "" {
			subjects[r.site] = r.subject
		}
	}
	built, err := b.Build()
	if err == nil {
		a.router = built
		return
	}
	found, ok := errors.AsType[*router.BuildError](err)
	if !ok {
		wrong.add(err.Error())
		return
	}
	said := map[router.Mistake]bool{}
	for _, m := range found.Mistakes {
		subject := m.Method + " " + m.Pattern
		if whole, ok := subjects[m.Site]; ok {
			subject = whole
			key := router.Mistake{Pattern: whole, Site: m.Site, Other: m.Other}
			if m.Other == "" {
				key.Message = m.Message
			}
			if said[key] {
				continue
			}
			said[key] = true
		}
		wrong.addAll(mistake.List{{Subject: subject, Site: m.Site, Text: m.Message}})
	}
}

// RegistrationError lists everything that is wrong with an App: its configuration,
// middleware, providers, routes and documents. Each mistake says what it is about, the
// place where that was registered, and what is wrong:
//
//	GET /users/{id} (users.go:12): field ID: the route has no path parameter "name"
type RegistrationError struct {
	Mistakes []string
}

// Error puts each mistake on a line of its own; what else belongs to it is indented. A
// single mistake is one line, for those who start the program.
func (e *RegistrationError) Error() string {
	if len(e.Mistakes) == 1 {
		return "fasterapi: " + e.Mistakes[0]
	}
	return "fasterapi: the app has mistakes:\n  " + strings.Join(e.Mistakes, "\n  ")
}

// mistakes collects what is wrong, each thing once.
type mistakes struct {
	list []string
	said map[string]bool
}

// addRoute adds what is wrong with a route. What several routes have in common, such as
// middleware and dependencies of their group, is said of the first of them, and what is wrong with a
// type once for each of them, however often the type is there.
func (m *mistakes) addRoute(r *route, errs []error) {
	for _, err := range errs {
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			m.addRoute(r, joined.Unwrap())
			continue
		}
		if common, ok := err.(*mistake.Mistake); ok {
			m.add(common.Error())
			continue
		}
		shared, ok := err.(*dependsError)
		if ok && !strings.Contains(shared.Error(), "the route has") && !m.say("of several routes: "+shared.Error()) {
			continue
		}
		if _, ofType, found := strings.Cut(err.Error(), ofCodec); found {
			m.say(ofDescribed + ofType)
			if !m.say(r.site + " " + r.named() + ": " + ofType) {
				continue
			}
		}
		m.add((&mistake.Mistake{Subject: r.named(), Site: r.site, Text: err.Error()}).Error())
	}
}

const (
	ofCodec     = "codec: " // begins what is wrong with a type as JSON
	ofDescribed = "of a type: "
)

// addDescribed adds what was found while routes were described. What is wrong with a type is said of
// the first route that has it, and not again where that could not be compiled for it.
func (m *mistakes) addDescribed(err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range joined.Unwrap() {
			m.addDescribed(one)
		}
		return
	}
	wrong, ok := err.(*describe.Mistake)
	if err != nil && !(ok && wrong.Type && !m.say(ofDescribed+wrong.Text)) {
		m.add(err.Error())
	}
}

func (m *mistakes) addAll(list mistake.List) {
	for _, one := range list {
		m.add(one.Error())
	}
}

func (m *mistakes) add(text string) {
	text = mistake.Line(text)
	if m.say(text) {
		m.list = append(m.list, text)
	}
}

// say tells whether text has not been said yet.
func (m *mistakes) say(text string) bool {
	if m.said[text] {
		return false
	}
	if m.said == nil {
		m.said = map[string]bool{}
	}
	m.said[text] = true
	return true
}

func (m *mistakes) err() error {
	if len(m.list) == 0 {
		return nil
	}
	return &RegistrationError{Mistakes: m.list}
}

// registering returns the place of the user's call that registers something. It panics
// when that would have no effect any more: with a RegistrationError, at the line.
func (a *App) registering(what string) mistake.Place {
	place := mistake.Here()
	if by := a.life.sealed.Load(); by != nil {
		text := fmt.Sprintf("registered behind %s (%s), which takes the app as it is: it would have no effect", by.Call, by.Site)
		panic(&RegistrationError{Mistakes: []string{(&mistake.Mistake{Subject: what, Site: place.Site, Text: text}).Error()}})
	}
	return place
}

// Mistake makes a Middleware or an option of what cannot work, for functions that
// return one and find their arguments wrong:
//
//	func Limit(n int) fasterapi.Middleware {
//		if n < 1 {
//			return fasterapi.Mistake[fasterapi.Middleware](errors.New("Limit needs a number above zero"))
//		}
//		...
//
// An app that uses it does not start, and says so together with everything else that is
// wrong (see [RegistrationError]), at the line that called Mistake. Errors joined
// with [errors.Join] are a mistake each.
func Mistake[T Middleware | RouteOption | ProvideOption](err error) T {
	var made T
	wrong := mistake.Of(err, mistake.Here())
	switch p := any(&made).(type) {
	case *Middleware:
		*p = func(Handler) Handler { panic(wrong) }
	case *RouteOption:
		*p = func(o *options) { o.wrong.Add(wrong) }
	case *ProvideOption:
		*p = func(r *registration) { r.wrong.Add(wrong) }
	}
	return made
}

// wrapped is next behind m. A middleware that is a Mistake, or has one inside, says so
// when it is called here.
func wrapped(m Middleware, next Handler, errs []error) (h Handler, all []error) {
	all = errs
	defer func() {
		switch v := recover().(type) {
		case nil:
		case mistake.List:
			for _, one := range v {
				all = append(all, one)
			}
		default:
			panic(v)
		}
	}()
	if m == nil || next == nil { // reported elsewhere
		return nil, all
	}
	if h = m(next); h == nil {
		f := runtime.FuncForPC(reflect.ValueOf(m).Pointer())
		all = append(all, fmt.Errorf("the middleware %s has returned no handler", path.Base(f.Name())))
	}
	return h, all
}
