package fasterapi

import (
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/inject"
	"github.com/fasterapi/fasterapi/openapi"
)

// providers are all providers of an app, and what they need of each other.
//
// Owner: any (immutable after compile).
type providers struct {
	list   []provider
	graph  *inject.Graph
	broken bool // they have mistakes
	// used tells of each whether a route, or a value of the scopes app and core, needs it.
	used []bool
	// noted is what middleware stands on.
	noted []any
}

// injectionBuilder makes the injection of one route.
type injectionBuilder struct {
	providers *providers
	options   bind.Options
	slots     map[int]int // of providers that have a step
	used      []bool      // see providers; nil: that is not looked at
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
	b.use(roots)
	for _, scope := range [...]inject.Scope{inject.App, inject.Core} { // they need no step: overrides by a value, for one
		for _, i := range b.providers.graph.Order(scope, roots...) {
			p := b.providers.list[i]
			b.secure(p.values().Type, p.options().security)
		}
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
		if f, ok := p.(interface{ settles() bool }); ok && f.settles() {
			b.made.settles = fmt.Sprintf("%s (%s)", p.values().Type, p.options().site)
		}
		s, mistakes := p.step(b, slot)
		if !b.providers.broken { // else these are among the mistakes of the graph
			for _, err := range mistakes {
				errs = append(errs, fmt.Errorf("the provider of %s (%s): %w", p.values().Type, p.options().site, err))
			}
		}
		b.add(s, fmt.Sprintf("%s (%s)", p.values().Type, p.options().site))
	}
	return errs
}

// use notes that the providers and all that they need are used.
func (b *injectionBuilder) use(roots []int) {
	if b.used == nil {
		return
	}
	for _, scope := range [...]inject.Scope{inject.App, inject.Core, inject.Request} {
		for _, i := range b.providers.graph.Order(scope, roots...) {
			b.used[i] = true
		}
	}
}

func (b *injectionBuilder) add(s step, about string) {
	b.made.about = append(b.made.about, about)
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

// overriding answers an [inject.Overriding]: middleware takes nothing injected, and still what a test
// puts in the place of a value holds for it.
func (c *Ctx) overriding(t reflect.Type) any {
	p := &c.app.providers
	if p.graph == nil || !slices.ContainsFunc(p.list, func(one provider) bool { return one.options().override }) {
		return nil
	}
	field := bind.Field{Name: t.String(), In: bind.Inject, Type: t}
	i, err := p.graph.Find(needOf(&field))
	if err != nil || !p.list[i].options().override {
		return nil
	}
	return func() (any, error) { return c.makeOverride(&field, i) }
}

// makeOverride makes the value of the provider i beside those that the route has injected. What it
// needs is compiled anew each time: there are overrides in tests only.
func (c *Ctx) makeOverride(field *bind.Field, i int) (any, error) {
	p := &c.app.providers
	var options bind.Options
	if c.route != nil {
		options = c.route.bindOptions()
	}
	b := p.newInjection(options)
	if errs := b.require([]*bind.Field{field}); len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	r := c.request
	injected := r.injected
	r.injected = nil
	defer func() { r.injected = injected }()
	if err := b.made.run(c); err != nil {
		if bad, ok := err.(*invalidInput); ok {
			return nil, bad.problem
		}
		return nil, err
	}
	values := p.list[i].values()
	switch p.list[i].options().scope {
	case inject.Core:
		return values.Cores[c.Core()], nil
	case inject.Request:
		return r.injected[b.slots[i]], nil
	}
	return values.Value, nil
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
	b.used = p.used
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
		m.addAll(opts.wrong)
		if opts.override {
			p.secureOverride(one)
		}
		for _, err := range one.check() {
			m.add(fmt.Sprintf("the provider of %s (%s): %v", one.values().Type, opts.site, err))
			p.broken = true
		}
	}
	graph, errs := inject.New(list)
	p.graph, p.used = graph, make([]bool, len(list))
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

// secureOverride gives an override the schemes of what it replaces: tests read the same document, and
// what routes are said to need stays checked as far as anybody can tell.
func (p *providers) secureOverride(override provider) {
	opts := override.options()
	for _, one := range p.list {
		if o := one.options(); !o.override && o.name == opts.name && one.values().Type == override.values().Type {
			opts.security = append(opts.security[:len(opts.security):len(opts.security)], o.security...)
		}
	}
}

// secure notes the schemes of a provided type, or of the type of an input, which
// routes with this injection need.
func (b *injectionBuilder) secure(t reflect.Type, more []openapi.SecurityUse) {
	if t != nil && t.Kind() != reflect.Interface {
		if s, ok := reflect.Zero(t).Interface().(openapi.Secured); ok {
			more = append(s.OpenAPISecurity(), more...)
		}
	}
	b.made.secured = append(b.made.secured, more...)
}

// tellUnused logs providers without any effect, when the app starts: functions that are called for requests, of
// which none needs them, and overrides that replace nothing. It is no mistake, since a module may provide what
// only some services use. Values, and functions that are called once, may be there for what else they do.
func (a *App) tellUnused() {
	p := &a.providers
	for _, one := range p.list {
		if one.options().scope == inject.Request {
			continue
		}
		for _, f := range one.needs() {
			if i, err := p.graph.Find(needOf(&f)); err == nil {
				p.used[i] = true
			}
		}
	}
	checked := slices.ContainsFunc(a.routes, func(r *route) bool { return len(r.enforced) > 0 })
	replaces := map[int]bool{}
	overridden := map[int]bool{}
	for i, one := range p.list {
		found, err := p.graph.Find(inject.Need{Type: one.values().Type, Name: one.options().name})
		if err == nil && !one.options().override && p.list[found].options().override {
			replaces[found], overridden[i] = true, true
		}
	}
	for i, one := range p.list {
		opts := one.options()
		switch {
		case p.used[i]:
		case opts.override && !checked && !replaces[i]: // middleware that checks a scheme asks for overrides
			a.log.Warn("an override replaces nothing: no route and no provider asks for a value of this type",
				slog.String("type", one.values().Type.String()), slog.String("site", opts.site))
		case !opts.override && opts.scope == inject.Request && !overridden[i]:
			a.log.Warn("a provider is never called: no route asks for what it makes",
				slog.String("type", one.values().Type.String()), slog.String("site", opts.site))
		}
	}
}
