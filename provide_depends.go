package fasterapi

import (
	"errors"
	"reflect"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/inject"
	"github.com/fasterapi/fasterapi/internal/mistake"
)

// dependency is what a route needs done before its handler.
type dependency interface {
	compile(b *injectionBuilder) []error
}

// Depends calls fn before the handlers of a route, or of all routes of a group:
// for what has to be checked or done but gives no value. In is an input struct
// like a handler's. An error answers the request. Those of a group come before
// those of a route, and all of them before the providers of the handler's own
// input, so that a client without access learns nothing about what else is wrong
// with its request.
//
//	admin := app.Group("/admin", fasterapi.Depends(func(c *fasterapi.Ctx, in struct {
//		Token string `header:"X-Token"`
//	}) error {
//		if in.Token != secret {
//			return problem.Unauthorized("")
//		}
//		return nil
//	}))
//
// In routes on the reactor it runs there, so it must not block.
func Depends[In any](fn func(*Ctx, In) error) RouteOption {
	d := &effect[In]{fn: fn, site: mistake.Here().Site}
	return func(o *options) { o.depends = append(o.depends, d) }
}

// DependsFuture is Depends for a function that returns a future, whose value is
// not looked at.
func DependsFuture[In, T any](fn func(*Ctx, In) async.Future[T]) RouteOption {
	d := &futureEffect[In, T]{fn: fn, site: mistake.Here().Site}
	return func(o *options) { o.depends = append(o.depends, d) }
}

var errNilDepends = errors.New("the function is nil")

// compileEffect compiles the input of a function given to Depends.
func compileEffect(b *injectionBuilder, t reflect.Type, site string, isNil bool) (in compiledInput, errs []error) {
	if isNil {
		errs = append(errs, errNilDepends)
	}
	plan, mistakes := bind.Compile(t, b.options)
	if errs = append(errs, mistakes...); len(errs) == 0 {
		if errs = b.require(plan.Injects()); len(errs) == 0 {
			in, errs = compileInput(b, t)
		}
	}
	for i, err := range errs {
		errs[i] = &dependsError{site: site, err: err}
	}
	return in, errs
}

// dependsError is what is wrong with a function given to Depends, perhaps for all routes
// of a group.
//
// Owner: any (immutable once made).
type dependsError struct {
	site string
	err  error
}

func (e *dependsError) Error() string { return "Depends (" + e.site + "): " + e.err.Error() }
func (e *dependsError) Unwrap() error { return e.err }

// effect is a function given to Depends.
//
// Owner: any (immutable once made).
type effect[In any] struct {
	fn   func(*Ctx, In) error
	site string
}

func (d *effect[In]) compile(b *injectionBuilder) []error {
	s := &effectStep[In]{fn: d.fn}
	var errs []error
	s.input, errs = compileEffect(b, reflect.TypeFor[In](), d.site, d.fn == nil)
	b.add(s, "Depends ("+d.site+")")
	return errs
}

// effectStep is an effect on one route, whose path it may read.
//
// Owner: any (immutable after build).
type effectStep[In any] struct {
	fn    func(*Ctx, In) error
	input compiledInput
}

func (s *effectStep[In]) run(c *Ctx) error {
	in, err := readInput[In](c, &s.input)
	if err != nil {
		return err
	}
	return s.fn(c, in)
}

func (s *effectStep[In]) pending() bool { return false }

func (s *effectStep[In]) start(c *Ctx, _ func(error)) (bool, error) { return true, s.run(c) }

func (s *effectStep[In]) probe(c *Ctx) error { return s.input.probe(c) }

// futureEffect is a function given to DependsFuture.
//
// Owner: any (immutable once made).
type futureEffect[In, T any] struct {
	fn   func(*Ctx, In) async.Future[T]
	site string
}

func (d *futureEffect[In, T]) compile(b *injectionBuilder) []error {
	p := &funcProvider[In, T]{Values: inject.ValuesOf[T](), future: d.fn}
	p.scope = inject.Request
	s := &funcStep[In, T]{provider: p, slot: b.made.slots} // a value that nobody asks for
	b.made.slots++
	var errs []error
	s.input, errs = compileEffect(b, reflect.TypeFor[In](), d.site, d.fn == nil)
	b.add(s, "Depends ("+d.site+")")
	return errs
}
