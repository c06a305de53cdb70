package fasterapi

import (
	"fmt"
	"reflect"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/inject"
	"github.com/fasterapi/fasterapi/openapi"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/reactor"
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
	waits bool // a step may wait for a future
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

// providers are all providers of an app, and what they need of each other.
//
// Owner: any (immutable after compile).
type providers struct {
	list   []provider
	graph  *inject.Graph
	broken bool // they have mistakes
}

// injectionBuilder makes the injection of one route.
type injectionBuilder struct {
	providers *providers
	options   bind.Options
	slots     map[int]int // of providers that have a step
	made      injection
}

func (p *providers) newInjection(options bind.Options) *injectionBuilder {
	return &injectionBuilder{providers: p, options: options, slots: map[int]int{}}
}

// note remembers what the input of a step reads.
func (b *injectionBuilder) note(plan *bind.Plan) {
	b.made.reads = append(b.made.reads, plan)
	b.secure(plan.Type(), nil)
}

// require adds the steps of everything that the fields need.
func (b *injectionBuilder) require(fields []*bind.Field) []error {
	var roots []int
	var errs []error
	for _, f := range fields {
		i, err := b.providers.graph.Find(needOf(f))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		roots = append(roots, i)
	}
	for _, i := range b.providers.graph.Order(inject.Request, roots...) {
		if _, made := b.slots[i]; made {
			continue
		}
		slot := b.made.slots
		b.slots[i] = slot
		b.made.slots++
		p := b.providers.list[i]
		b.secure(p.values().Type, p.options().security)
		s, mistakes := p.step(b, slot)
		if !b.providers.broken { // else these are among the mistakes of the graph
			for _, err := range mistakes {
				errs = append(errs, fmt.Errorf("the provider of %s (%s): %w", p.values().Type, p.options().site, err))
			}
		}
		b.add(s)
	}
	return errs
}

func (b *injectionBuilder) add(s step) {
	b.made.steps = append(b.made.steps, s)
	b.made.waits = b.made.waits || s.pending()
}

// fills returns what fills the fields of an input, whose providers must have
// been required before.
func (b *injectionBuilder) fills(fields []*bind.Field) (list []inject.Fill, errs []error) {
	for _, f := range fields {
		i, err := b.providers.graph.Find(needOf(f))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		p := b.providers.list[i]
		list = append(list, p.values().Fill(f.Type, f.Offset, p.options().scope, b.slots[i]))
	}
	return list, errs
}

// missing tells which inject fields of the struct type t nothing can fill.
func (p *providers) missing(t reflect.Type) (errs []error) {
	for _, f := range bind.InjectFields(t) {
		if _, err := p.graph.Find(needOf(&f)); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

func needOf(f *bind.Field) inject.Need {
	return inject.Need{Field: f.Name, Type: f.Type, Name: f.Key}
}

// compileInjection finds out what a route needs: its dependencies in their
// order, then what its input asks for.
func (p *providers) compileInjection(r *route, plan *bind.Plan, options bind.Options) (*injection, []error) {
	b := p.newInjection(options)
	var errs []error
	for _, d := range r.opts.depends {
		errs = append(errs, d.compile(b)...)
	}
	errs = append(errs, b.require(plan.Injects())...)
	if len(errs) > 0 {
		return nil, errs
	}
	b.made.fills, errs = b.fills(plan.Injects())
	return &b.made, errs
}

// compile connects the providers and reports their mistakes.
func (p *providers) compile(m *mistakes) {
	list := make([]inject.Provider, len(p.list))
	for i, one := range p.list {
		opts := one.options()
		list[i] = inject.Provider{
			Type: one.values().Type, Name: opts.name, Scope: opts.scope, Site: opts.site, Override: opts.override,
		}
		for _, f := range one.needs() {
			list[i].Needs = append(list[i].Needs, needOf(&f))
		}
		for _, err := range one.check() {
			m.add(fmt.Sprintf("the provider of %s (%s): %v", one.values().Type, opts.site, err))
			p.broken = true
		}
	}
	graph, errs := inject.New(list)
	p.graph = graph
	p.broken = p.broken || len(errs) > 0
	for _, err := range errs {
		m.add(err.Error())
	}
	if p.broken {
		return
	}
	for _, one := range p.list {
		if f, ok := one.(interface{ fillWith([]inject.Fill) }); ok && one.options().scope != inject.Request {
			fields := one.needs()
			pointers := make([]*bind.Field, len(fields))
			for i := range fields {
				pointers[i] = &fields[i]
			}
			fills, _ := p.newInjection(bind.Options{}).fills(pointers) // found by the graph already
			f.fillWith(fills)
		}
	}
}

// start makes the values of the scopes app and core, in the order in which they need
// each other.
func (p *providers) start(a *App, stops *[]stopHook) error {
	all := make([]int, len(p.list))
	for i := range all {
		all[i] = i
	}
	for _, scope := range []inject.Scope{inject.App, inject.Core} {
		for _, i := range p.graph.Order(scope, all...) {
			if scope == inject.App && p.replaced(i) {
				continue
			}
			if err := p.list[i].makeValues(a, stops); err != nil {
				return err
			}
		}
	}
	return nil
}

// replaced tells whether provider i would make a value that an override has taken
// the place of.
func (p *providers) replaced(i int) bool {
	if _, makes := p.list[i].(interface{ fillWith([]inject.Fill) }); !makes {
		return false // the value is there, and may have to be closed
	}
	found, err := p.graph.Find(inject.Need{Type: p.list[i].values().Type, Name: p.list[i].options().name})
	return err == nil && found != i
}

// newSetupCtx returns the Ctx of a provider that belongs to no request.
func newSetupCtx(a *App, r *reactor.Reactor) *Ctx {
	return &Ctx{app: a, reactor: r}
}
