package fasterapi

import (
	"errors"
	"slices"
	"strings"

	"github.com/fasterapi/fasterapi/internal/failure"
	"github.com/fasterapi/fasterapi/internal/router"
)

// compile takes the app to the stage compiled, once. It may be called while the app
// starts and later.
func (a *App) compile() error {
	if a.life.reached(compiled) {
		return nil
	}
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
	a.compileErrors(&mistakes)
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

// compileErrors gives every route what was given to MapError for it.
func (a *App) compileErrors(m *mistakes) {
	tables := map[*Group]*failure.Table[*Ctx]{}
	known := map[string]bool{}
	for _, r := range slices.Concat(a.routes, a.docs.routes) {
		table, compiled := tables[r.group]
		if !compiled {
			var errs []error
			table, errs = r.group.errorTable()
			tables[r.group] = table
			for _, err := range errs {
				if !known[err.Error()] { // of a group that has others in it
					known[err.Error()] = true
					m.add(err.Error())
				}
			}
		}
		r.mappers = table
	}
	a.mappers, _ = a.root.errorTable()
	m.list = append(m.list, a.problems.mistakes...)
}

// RegistrationError lists everything that is wrong with the routes of an App,
// each line with the route and the place where it was registered.
type RegistrationError struct {
	Mistakes []string
}

// Error puts each mistake on a line of its own.
func (e *RegistrationError) Error() string {
	return "fasterapi: the routes have mistakes:\n  " + strings.Join(e.Mistakes, "\n  ")
}

// mistakes collects what is wrong.
type mistakes struct{ list []string }

func (m *mistakes) addRouter(err error) {
	if build, ok := errors.AsType[*router.BuildError](err); ok {
		for _, mistake := range build.Mistakes {
			m.list = append(m.list, mistake.String())
		}
	} else if err != nil {
		m.list = append(m.list, err.Error())
	}
}

func (m *mistakes) addRoute(r *route, errs []error) {
	for _, err := range errs {
		m.list = append(m.list, r.String()+" ("+r.site+"): "+err.Error())
	}
}

// addLines adds each line of err.
func (m *mistakes) addLines(err error) {
	if err != nil {
		m.list = append(m.list, strings.Split(err.Error(), "\n")...)
	}
}

func (m *mistakes) add(mistake string) { m.list = append(m.list, mistake) }

func (m *mistakes) err() error {
	if len(m.list) == 0 {
		return nil
	}
	return &RegistrationError{Mistakes: m.list}
}
