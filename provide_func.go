package fasterapi

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/inject"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/reactor"
)

// funcProvider makes values by one of its functions.
//
// Owner: any (immutable after build).
type funcProvider[In, T any] struct {
	registration
	inject.Values
	plain   func(*Ctx, In) (T, error)
	cleaned func(*Ctx, In) (T, func(error), error)
	settled func(*Ctx, In) (T, func(error) error, error)
	future  func(*Ctx, In) async.Future[T]

	shards *shardsProvider[T] // scope core
	fills  []inject.Fill      // scopes app and core
}

func (p *funcProvider[In, T]) options() *registration {
	if !p.scoped {
		p.scope = inject.Request
	}
	return &p.registration
}

func (p *funcProvider[In, T]) values() *inject.Values { return &p.Values }

func (p *funcProvider[In, T]) needs() []bind.Field { return bind.InjectFields(reflect.TypeFor[In]()) }

func (p *funcProvider[In, T]) check() (errs []error) {
	if p.plain == nil && p.cleaned == nil && p.settled == nil && p.future == nil {
		errs = append(errs, errors.New("the function is nil"))
	}
	if p.scope == inject.Request {
		if p.closes {
			errs = append(errs, errors.New("CloseOnStop is for PerApp and PerCore: use ProvideWithCleanup"))
		}
		return errs
	}
	if p.settled != nil {
		errs = append(errs, fmt.Errorf("a value of the scope %s ends with no request, so it has no outcome: use ProvideWithCleanup", p.scope))
	}
	if p.scope == inject.Core && p.future != nil {
		errs = append(errs, errors.New("PerCore: a reactor cannot wait for a future before it runs"))
	}
	errs = append(errs, checkCloses(&p.registration, any(*new(T)))...)
	plan, mistakes := bind.Compile(reflect.TypeFor[In](), bind.Options{})
	if plan == nil {
		return append(errs, mistakes...)
	}
	for _, f := range plan.Fields() {
		if f.In != bind.Inject {
			errs = append(errs, fmt.Errorf("field %s: a value of the scope %s has no request to read %s from", f.Name, p.scope, f.Location()))
		}
	}
	return errs
}

// makeValues makes those of the scopes app and core.
func (p *funcProvider[In, T]) makeValues(a *App, stops *[]stopHook) (err error) {
	switch p.scope {
	case inject.App:
		v, err := p.once(a, newSetupCtx(a, a.reactors.Reactor(0)), stops)
		if err != nil {
			return err
		}
		p.Value = v
		return a.handReactors(v, &p.registration, stops)
	case inject.Core:
		p.Cores = make([]any, a.reactors.Len())
		hooks := make([][]stopHook, len(p.Cores))
		p.shards.all, err = reactor.NewSharded(a.reactors, func(r *reactor.Reactor) (T, error) {
			v, err := p.once(a, newSetupCtx(a, r), &hooks[r.Core()])
			p.Cores[r.Core()] = v
			return v, err
		})
		for _, h := range hooks {
			*stops = append(*stops, h...)
		}
		p.shards.Value = p.shards.all
	}
	return err
}

func (p *funcProvider[In, T]) once(a *App, c *Ctx, stops *[]stopHook) (T, error) {
	var in In
	inject.Into(&in, p.fills, c.reactor.Core(), nil)
	stop := context.AfterFunc(a.life.starting, c.cancel) // not later: the value may keep c
	defer stop()
	v, cleanup, err := p.call(c, in)
	if err != nil {
		return v, fmt.Errorf("fasterapi: the provider of %s (%s): %w", p.Type, p.site, err)
	}
	if cleanup != nil {
		*stops = append(*stops, stopHook{
			name: "cleanup of " + p.Type.String(), site: p.site,
			run: func(context.Context) error { cleanup(nil); return nil },
		})
	}
	if p.closes {
		*stops = append(*stops, closeHook(&p.registration, v))
	}
	return v, nil
}

// call makes a value and waits for it.
func (p *funcProvider[In, T]) call(c *Ctx, in In) (T, func(error), error) {
	switch {
	case p.plain != nil:
		v, err := p.plain(c, in)
		return v, nil, err
	case p.cleaned != nil:
		return p.cleaned(c, in)
	}
	v, err := p.future(c, in).Await(c)
	return v, nil, err
}

func (p *funcProvider[In, T]) fillWith(fills []inject.Fill) { p.fills = fills }

func (p *funcProvider[In, T]) step(b *injectionBuilder, slot int) (step, []error) {
	s := &funcStep[In, T]{provider: p, slot: slot}
	var errs []error
	s.input, errs = compileInput(b, reflect.TypeFor[In]())
	return s, errs
}

// sharded returns the provider of all the values that PerCore makes.
func (p *funcProvider[In, T]) sharded() provider {
	p.shards = &shardsProvider[T]{Values: inject.ValuesOf[*reactor.Sharded[T]]()}
	p.shards.registration = p.registration
	p.shards.closes = false
	return p.shards
}

// shardsProvider gives *reactor.Sharded[T]; the provider of T fills it.
//
// Owner: any (immutable after build).
type shardsProvider[T any] struct {
	registration
	inject.Values
	all *reactor.Sharded[T]
}

func (p *shardsProvider[T]) options() *registration { return &p.registration }
func (p *shardsProvider[T]) values() *inject.Values { return &p.Values }
func (p *shardsProvider[T]) check() []error         { return nil }

// needs asks for the T, so that it is made before.
func (p *shardsProvider[T]) needs() []bind.Field {
	return []bind.Field{{Name: "T", In: bind.Inject, Key: p.name, Type: reflect.TypeFor[T]()}}
}

func (p *shardsProvider[T]) makeValues(a *App, _ *[]stopHook) error {
	p.Cores = make([]any, a.reactors.Len())
	for core := range p.Cores {
		p.Cores[core] = p.all
	}
	return nil
}

func (p *shardsProvider[T]) step(*injectionBuilder, int) (step, []error) { return nil, nil }

// compiledInput is the input of a provider, or of a function given to Depends.
//
// Owner: any (immutable after build).
type compiledInput struct {
	plan    *bind.Plan
	fills   []inject.Fill
	unbound bool // it reads nothing of the request
}

// compileInput compiles the input of the struct type t.
func compileInput(b *injectionBuilder, t reflect.Type) (in compiledInput, errs []error) {
	plan, errs := bind.Compile(t, b.options)
	if len(errs) > 0 {
		return in, errs
	}
	in.plan, in.unbound = plan, len(plan.Fields()) == len(plan.Injects())
	in.fills, errs = b.fills(plan.Injects())
	b.note(plan)
	return in, errs
}

// readInput binds the request. In is the type that i was compiled for.
func readInput[In any](c *Ctx, i *compiledInput) (in In, err error) {
	if i.plan.Checked() {
		held, err := i.readChecked(c)
		return *held.(*In), err
	}
	if !i.unbound {
		var bad *problem.Problem
		if in, bad = bind.Of[In](i.plan).Bind((*requestSource)(c.request)); bad != nil {
			return in, &invalidInput{bad}
		}
	}
	inject.Into(&in, i.fills, c.reactor.Core(), c.injected)
	return in, nil
}

// readChecked is readInput for an input with methods Check, which may keep its address.
func (i *compiledInput) readChecked(c *Ctx) (in any, err error) {
	in, bad := i.plan.BindNew((*requestSource)(c.request))
	inject.IntoPointer(in, i.fills, c.reactor.Core(), c.injected)
	if bad, err = i.plan.Check(c, in, bad, true); bad != nil {
		err = &invalidInput{bad}
	}
	return in, err
}

// probe tells what is wrong with the request, without its uploads: they are not
// read for an answer that is a refusal already.
func (i *compiledInput) probe(c *Ctx) error {
	if i.unbound || i.plan.Streams() {
		return nil
	}
	bad, err := c.faultsOf(i.plan)
	if bad != nil {
		return &invalidInput{bad}
	}
	return err
}

// funcStep makes the value of a provider for one request.
//
// Owner: any (immutable after build).
type funcStep[In, T any] struct {
	provider *funcProvider[In, T]
	input    compiledInput
	slot     int
}

func (s *funcStep[In, T]) run(c *Ctx) error {
	in, err := readInput[In](c, &s.input)
	if err != nil {
		return err
	}
	if plain := s.provider.plain; plain != nil {
		v, err := plain(c, in)
		c.injected[s.slot] = v
		return err
	}
	if s.provider.settled != nil {
		return s.runSettled(c, in)
	}
	v, cleanup, err := s.provider.call(c, in)
	if cleanup != nil {
		c.cleanups = append(c.cleanups, cleanup)
	}
	if err != nil {
		return err
	}
	c.injected[s.slot] = v
	return nil
}

// runSettled makes a value that hears of the outcome.
func (s *funcStep[In, T]) runSettled(c *Ctx, in In) error {
	v, settler, err := s.provider.settled(c, in)
	if settler != nil {
		c.settlers = append(c.settlers, settler)
	}
	c.injected[s.slot] = v
	return err
}

// settles tells whether its values hear of the outcome of a request.
func (p *funcProvider[In, T]) settles() bool { return p.settled != nil }

func (s *funcStep[In, T]) pending() bool { return s.provider.future != nil }

func (s *funcStep[In, T]) start(c *Ctx, resume func(error)) (done bool, err error) {
	if s.provider.future == nil {
		return true, s.run(c)
	}
	in, err := readInput[In](c, &s.input)
	if err != nil {
		return true, err
	}
	f := s.provider.future(c, in)
	if v, err, ready := f.Result(); ready {
		c.injected[s.slot] = v
		return true, err
	}
	f.Via(c.reactor).OnDone(func(v T, err error) {
		c.injected[s.slot] = v
		resume(err)
	})
	return false, nil
}

func (s *funcStep[In, T]) probe(c *Ctx) error { return s.input.probe(c) }
