package fasterapi

import (
	"cmp"
	"fmt"
	"net/http"
	"reflect"
	"slices"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/describe"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/internal/parts"
	"github.com/fasterapi/fasterapi/openapi"
)

// Returns declares, for the OpenAPI document, that a route may also answer with this status
// and what a handler that returns a T would send: JSON, a page for [HTML], no body for [None], the
// header fields of an output struct. For [problem.Problem], any other error type, and the type that
// [App.ProblemsAs] makes of problems, that is a problem in the form of the service. The
// status of the route's own response need not be declared.
func Returns[T any](status int, description string) RouteOption {
	d := &declared{status: status, body: reflect.TypeFor[T](), description: description}
	if d.problem = isFailure(d.body); !d.problem {
		d.output, d.err = outputOf[T]()
	}
	return func(o *options) {
		o.declared = append(o.declared[:len(o.declared):len(o.declared)], d)
	}
}

// isFailure tells whether values of t are answered as problems.
func isFailure(t reflect.Type) bool {
	failure := reflect.TypeFor[error]()
	return t.Implements(failure) || t.Kind() == reflect.Struct && reflect.PointerTo(t).Implements(failure)
}

// declared is a response that a route may give besides its own.
//
// Owner: any (immutable once made).
type declared struct {
	status      int
	body        reflect.Type
	description string
	problem     bool
	output      output // unless it is a problem
	err         error
}

// check tells what is wrong with d.
func (d *declared) check() error {
	what := fmt.Sprintf("Returns[%v](%d)", d.body, d.status)
	switch {
	case d.status < 200 || d.status > 599:
		return fmt.Errorf("%s: a response has a status from 200 to 599", what)
	case d.problem && d.status < 400:
		return fmt.Errorf("%s: a problem has a status from 400 to 599", what)
	case d.err != nil:
		return fmt.Errorf("%s: %w", what, d.err)
	case d.output.several:
		return fmt.Errorf("%s: these are several answers: declare each with its own status", what)
	case exchange.Bodiless(d.status) && len(d.output.answers) > 0 && d.output.answers[0].ContentType != "":
		return fmt.Errorf("%s: a response with this status has no body: say Returns[fasterapi.None]", what)
	}
	return nil
}

// declaredAnswers describes what the option Returns says.
func (o *options) declaredAnswers(forms *problemForms) (list []describe.Answer) {
	for _, d := range o.declared {
		isProblem := d.problem || forms.of(d.status).has(d.body)
		if isProblem || len(d.output.answers) == 0 {
			list = append(list, describe.Answer{Status: d.status, Description: d.description, Problem: isProblem})
			continue
		}
		a := d.output.answers[0] // of success
		a.Status, a.AnyRedirect = d.status, false
		a.Description = cmp.Or(d.description, a.Description)
		list = append(list, a)
	}
	return list
}

// Reads declares, for the OpenAPI document, that something besides the handler's input reads these
// parameters of requests: the handler itself by [Ctx.RawQuery], or middleware, see [Describing]. T is a
// struct with the tags of an input, of query, header and cookie fields; nothing is bound to it and
// nothing is checked. [StrictQuery] lets them through.
func Reads[T any]() RouteOption {
	t, place := reflect.TypeFor[T](), mistake.Here()
	return func(o *options) { o.reads = append(o.reads[:len(o.reads):len(o.reads)], declaredInput{t, place}) }
}

// declaredInput is what the option Reads says.
//
// Owner: any (immutable once made).
type declaredInput struct {
	typ   reflect.Type
	place mistake.Place
}

// compileReads compiles what the option Reads says.
func (r *route) compileReads() (errs []error) {
	if r.facts == nil { // a mounted handler, which no document tells of
		return nil
	}
	for _, read := range r.opts.reads {
		plan, wrong := bind.Compile(read.typ, r.bindOptions())
		if plan != nil {
			for _, f := range plan.Fields() {
				if f.In != bind.Query && f.In != bind.Header && f.In != bind.Cookie {
					wrong = append(wrong, fmt.Errorf("field %s: only fields of query, header and cookie can be declared", f.Name))
				}
			}
			r.facts.aside = append(r.facts.aside, plan)
		}
		for _, err := range wrong {
			errs = append(errs, mistake.New(read.place, err.Error()))
		}
	}
	return errs
}

// Describing is middleware that says what it adds to the routes behind it: the document has that of
// all of them. The options are those that only describe: [Returns], where a status 304 counts
// for GET, HEAD and QUERY, [Reads] and [Operation].
//
//	app.Use(fasterapi.Describing(rates, fasterapi.Returns[problem.Problem](429, "Too many requests")))
//
// Middleware that calls it while it is put together, such as one that chains several, says the same.
func Describing(m Middleware, opts ...RouteOption) Middleware {
	var o options
	o.apply(opts)
	wrong := slices.Clone(o.wrong)
	wrong.Unless(m != nil, "the middleware is nil")
	for _, d := range o.declared {
		if err := d.check(); err != nil {
			wrong.Unless(false, err.Error())
		}
	}
	wrong.Unless(o.onlyDescribes(), "middleware can say Returns, Reads and Operation of the routes behind it, and nothing else")
	if len(wrong) > 0 {
		return Mistake[Middleware](wrong.Err())
	}
	return func(next Handler) Handler {
		h := m(next)
		if h == nil {
			return nil
		}
		parts.Tell(&enforcement{options: &o})
		return h
	}
}

// onlyDescribes tells whether o says nothing but what Describing takes.
func (o *options) onlyDescribes() bool {
	rest := *o
	rest.declared, rest.reads, rest.wrong, rest.details.Edits = nil, nil, nil, nil
	return reflect.ValueOf(rest).IsZero()
}

// describedBy puts what the middleware in h, made by Describing, says before what the route itself
// says, which is nearer to it.
func (r *route) describedBy(o *options) {
	var list []*declared
	for _, d := range o.declared {
		if d.status != http.StatusNotModified || r.method == http.MethodGet || r.method == http.MethodHead || r.method == methodQuery {
			list = append(list, d)
		}
	}
	r.opts.declared = slices.Concat(list, r.opts.declared)
	r.opts.reads = slices.Concat(o.reads, r.opts.reads)
	r.opts.details.Edits = slices.Concat(o.details.Edits, r.opts.details.Edits)
}

// DescribeSecurity says that the route needs all of these schemes, or one of the alternatives in
// their field Or, and those of its groups. It only describes, and what checks them
// describes them by itself: principals of providers ([SecuredBy]), inputs and principals that implement
// [openapi.Secured], and middleware ([Enforcing]). A scheme, or a scope, that is described and that none
// of these checks is a mistake, since the route would be open to all. SecurityUse.CheckedBy says
// that somebody else does: a gateway, the handler itself, or a function given to [Depends].
func DescribeSecurity(uses ...openapi.SecurityUse) RouteOption {
	wrong, place := wrongUses(uses), mistake.Here()
	return func(o *options) {
		o.wrong.Add(wrong)
		for _, use := range uses {
			o.security = append(o.security[:len(o.security):len(o.security)], describedSecurity{use, place})
		}
	}
}

// wrongUses is what is wrong with schemes, with the place of the call.
func wrongUses(uses []openapi.SecurityUse) (wrong mistake.List) {
	for _, use := range uses {
		wrong.Add(mistake.Of(use.Mistake, mistake.Here()))
		wrong.Add(wrongUses(use.Or))
	}
	return wrong
}

// describedSecurity is a scheme that DescribeSecurity was given, and where.
//
// Owner: any (immutable once made).
type describedSecurity struct {
	openapi.SecurityUse
	place mistake.Place
}

// SecuredBy says that the provider checks these schemes: the document says so of the routes that
// use what it makes.
func SecuredBy(uses ...openapi.SecurityUse) ProvideOption {
	wrong := wrongUses(uses)
	return func(r *registration) {
		r.wrong.Add(wrong)
		r.security = append(r.security, uses...)
	}
}

// Enforcing is middleware that checks these schemes: the document says so of all routes that have
// it, and [DescribeSecurity] of them is true. Middleware of package security, Scheme.Middleware, is
// that already; this is for one of your own or of others:
//
//	app.Use(fasterapi.Enforcing(fasterapi.WrapMiddleware(gateway.Check), openapi.SecurityUse{
//		Name: "session", Scheme: openapi.SecurityScheme{Type: "apiKey", In: "cookie", Name: "sid"},
//	}))
//
// Middleware that calls it while it is put together, such as one that chains several, says the same; whether it
// lets requests pass around the check is its own business.
func Enforcing(m Middleware, uses ...openapi.SecurityUse) Middleware {
	wrong := wrongUses(uses)
	wrong.Unless(m != nil, "the middleware is nil")
	if len(wrong) > 0 {
		return Mistake[Middleware](wrong.Err())
	}
	uses = slices.Clone(uses)
	return func(next Handler) Handler {
		h := m(next)
		if h == nil {
			return nil
		}
		parts.Tell(&enforcement{uses: uses})
		return h
	}
}

// enforcement is what middleware says of itself: which schemes it checks, or what else the document is to
// say of it.
//
// Owner: any (immutable once made).
type enforcement struct {
	uses    []openapi.SecurityUse
	options *options // nil: nothing
}

// around is next behind m, whose part of the document is noted, and what it is made of. What Enforcing and
// Describing have made says what it knows while it is called, however deep inside of other middleware.
func (r *route) around(m Middleware, next Handler, errs []error) (Handler, []error) {
	var said []any // inside out
	defer parts.Hear(&said)()
	h, errs := wrapped(m, next, errs)
	for _, one := range said {
		e, ok := one.(*enforcement)
		if !ok {
			r.group.app.providers.note(one)
			continue
		}
		r.enforced = append(slices.Clone(e.uses), r.enforced...)
		if e.options != nil {
			r.describedBy(e.options)
		}
	}
	return h, errs
}

// unchecked finds what DescribeSecurity says of routes and nothing of theirs checks: one mistake for
// each call and scheme, however many routes have it.
func unchecked(routes []*route) (wrong mistake.List) {
	type claim struct {
		place mistake.Place
		what  string
	}
	var order []claim
	open := map[claim][]string{}
	for _, r := range routes {
		if r.handler == nil { // it has mistakes of its own
			continue
		}
		said := map[claim]bool{}
		for _, d := range r.opts.security {
			what := describe.Unchecked(&d.SecurityUse, r.checks())
			key := claim{d.place, what}
			if what == "" || said[key] {
				continue
			}
			said[key] = true
			if open[key] == nil {
				order = append(order, key)
			}
			if named := r.named() + " (" + r.site + ")"; !slices.Contains(open[key], named) {
				open[key] = append(open[key], named)
			}
		}
	}
	for _, key := range order {
		list := open[key]
		more := ""
		if n := len(list) - 1; n > 0 {
			more = fmt.Sprintf(" and %d more", n)
		}
		wrong = append(wrong, mistake.New(key.place, fmt.Sprintf("nothing of %s%s checks %s, which is described only: let a provider do so (SecuredBy; "+
			"Scheme.Provide or Scheme.Require of package security) or middleware (Enforcing; Scheme.Middleware), "+
			"or name in SecurityUse.CheckedBy who else does", list[0], more, key.what)))
	}
	return wrong
}

// checks are all schemes that something of r says it checks.
func (r *route) checks() []openapi.SecurityUse {
	list := slices.Clone(r.enforced)
	if r.facts != nil && r.facts.injected != nil {
		list = append(list, r.facts.injected.secured...)
	}
	for _, d := range r.opts.security {
		if d.CheckedBy != "" {
			list = append(list, d.SecurityUse)
		}
	}
	return list
}

// Webhook describes a request that the service makes to its clients: by POST,
// with a JSON body of type T. It registers no route.
func (a *App) Webhook[T any](name string, opts ...RouteOption) {
	place := a.registering("the webhook " + name)
	w := &webhook{name: name, site: place.Site, reads: compileWebhook[T]}
	w.opts.apply(opts)
	a.webhooks = append(a.webhooks, w)
}

// webhook is a request that the service makes.
//
// Owner: any (immutable once made).
type webhook struct {
	name, site string
	opts       options
	reads      func() []*bind.Field
}

// compileWebhook returns the fields of a webhook's body.
func compileWebhook[T any]() []*bind.Field {
	return []*bind.Field{{Name: "Body", In: bind.Body, Type: reflect.TypeFor[T](), Required: true}}
}

func (w *webhook) document(a *App) describe.Route {
	return describe.Route{
		Method: "POST", Site: w.site, Details: w.opts.details, Fields: w.reads(),
		Answers:  append([]describe.Answer{{Status: max(w.opts.status, 200)}}, w.opts.declaredAnswers(&a.problems)...),
		Security: securityOf(w.opts.uses()),
	}
}

// uses are the schemes that options describe.
func (o *options) uses() (list []openapi.SecurityUse) {
	for _, d := range o.security {
		list = append(list, d.SecurityUse)
	}
	return list
}

// securityOf makes one alternative of uses, which are needed together.
func securityOf(uses []openapi.SecurityUse) [][]openapi.SecurityUse {
	if len(uses) == 0 {
		return nil
	}
	return [][]openapi.SecurityUse{uses}
}
