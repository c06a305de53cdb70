package fasterapi

import (
	"errors"
	"log/slog"
	"reflect"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/inject"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
)

// step is one thing that is done for a request before its handler: a provider
// or a function given to Depends.
type step interface {
	// run does it and waits for it.
	run(c *Ctx) error
	// pending tells whether start may have to wait.
	pending() bool
	// start does it on the reactor. When it is not done yet it calls resume
	// there later.
	start(c *Ctx, resume func(error)) (done bool, err error)
	// probe only tells what is wrong with its part of the request.
	probe(c *Ctx) error
}

// injection is all that a route needs injected.
//
// Owner: any (immutable after build).
type injection struct {
	steps []step
	fills []inject.Fill // of the handler's input
	slots int
	waits bool     // a step may wait for a future
	about []string // what the steps are, for people
	// settles is the provider of a value that hears of the outcome, "" for none.
	settles string
	// reads are the inputs of the steps, and secured the schemes of what they
	// check: both for the document.
	reads   []*bind.Plan
	secured []openapi.SecurityUse
}

// invalidInput is a request that is wrong; what else is wrong with it is found
// before the client is told.
type invalidInput struct{ problem *problem.Problem }

func (e *invalidInput) Error() string { return e.problem.Error() }
func (e *invalidInput) Unwrap() error { return e.problem }

// makeRoom makes room for the values of a request.
func (j *injection) makeRoom(c *Ctx) {
	if cap(c.injected) < j.slots {
		c.injected = make([]any, j.slots)
	}
	c.injected = c.injected[:j.slots]
}

// run makes the values and waits for them.
func (j *injection) run(c *Ctx) error {
	j.makeRoom(c)
	for i, s := range j.steps {
		if err := s.run(c); err != nil {
			return j.collectFaults(c, i+1, err)
		}
	}
	return nil
}

// collectFaults adds to an invalid input what the steps from i on find wrong.
func (j *injection) collectFaults(c *Ctx, i int, err error) error {
	bad, ok := err.(*invalidInput)
	if !ok {
		return err
	}
	for ; i < len(j.steps); i++ {
		if more, ok := j.steps[i].probe(c).(*invalidInput); ok {
			bad.add(more.problem)
		}
	}
	return bad
}

// add puts the errors of another part of the request behind those of e. An
// unsupported media type stays what it is.
func (e *invalidInput) add(more *problem.Problem) {
	if more == nil {
		return
	}
	first := e.problem
	if more.Status != first.Status && first.Status == 422 {
		first, more = more, first
		first.Errors = append(more.Errors, first.Errors...)
	} else {
		first.Errors = append(first.Errors, more.Errors...)
	}
	first.Errors = first.Errors[:min(len(first.Errors), bind.MaxErrors)]
	e.problem = first
}

var errAbandoned = errors.New("fasterapi: the handler has not returned")

// settle tells the values that want to hear of it how the handler has ended, the last
// one first, and returns the error of the request. The response is staged.
func (c *Ctx) settle(err error) error {
	if err == nil {
		err = c.droppedReference()
	}
	outcome := err
	if status := c.Status(); err == nil && (status < 200 || status >= 400) {
		outcome = problem.New(status, "")
	}
	for {
		settler := c.nextSettler()
		if settler == nil {
			return err
		}
		told := settler(outcome)
		switch {
		case outcome == nil:
			err, outcome = told, told
		case told == nil:
		case !errors.Is(told, outcome):
			c.Logger().Error("a provider could not end its value", slog.String("error", told.Error()))
		case err != nil:
			err, outcome = told, told
		}
	}
}

// nextSettler takes the last of the functions that want to hear of the outcome; nil: there is none, or the middleware has
// returned, and they are for abandon.
func (c *Ctx) nextSettler() (settler func(error) error) {
	c.change(func(r *request) {
		last := len(r.settlers) - 1
		if last < 0 || r.inside.closed {
			return
		}
		settler = r.settlers[last]
		r.settlers[last] = nil
		r.settlers = r.settlers[:last]
	})
	return settler
}

// abandon leaves what settle has not been called for to the cleanups: the handler has
// panicked, and somebody may have answered in its place.
func (r *request) abandon() {
	for _, settler := range r.settlers {
		log := r.ctx.Logger()
		r.cleanups = append(r.cleanups, func(outcome error) {
			if outcome == nil {
				outcome = errAbandoned
			}
			if told := settler(outcome); told != nil && !errors.Is(told, outcome) {
				log.Error("a provider could not end its value", slog.String("error", told.Error()))
			}
		})
	}
	clear(r.settlers)
	r.settlers = r.settlers[:0]
}

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
