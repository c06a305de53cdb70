package bind

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/fasterapi/fasterapi/internal/check"
	"github.com/fasterapi/fasterapi/problem"
)

// MaxErrors is how many errors are reported for one request.
const MaxErrors = 64

// maxFields bounds the query and cookie fields: those that a request had are a set
// of 64 bits.
const maxFields = 64

// Plan fills one struct type. It is immutable: any goroutine may use it.
type Plan struct {
	typ      reflect.Type
	fields   []Field
	path     []pathSlot
	query    keyed
	header   []slot
	cookie   []slot
	body     *bodySlot
	form     *formPlan
	inject   []*Field
	codings  bool         // a raw body comes with a field for its content coding
	checks   *inputChecks // nil: no type has a method Check
	confined bool         // no address inside the input struct reaches foreign code
}

// Options says what Compile needs to know about the route.
type Options struct {
	// PathParams are the names of the route's path parameters, in order.
	PathParams []string
	// Upload is the type of uploads in file fields, and StoreUpload writes one to
	// the address of such a value. Nil: there are no file fields.
	Upload      reflect.Type
	StoreUpload func(dst Pointer, u *Upload)
	// Form bounds forms.
	Form FormLimits
	// Check says how methods Check are called.
	Check check.Caller
	// StrictBody refuses members of a JSON body that its type does not have.
	StrictBody bool
}

// Compile makes the plan of the struct type t, or lists everything that is wrong
// with it; each error names its field.
func Compile(t reflect.Type, opts Options) (*Plan, []error) {
	if t.Kind() != reflect.Struct {
		return nil, []error{fmt.Errorf("the input type %v is not a struct", t)}
	}
	c := compiler{opts: opts, plan: &Plan{typ: t, confined: true}}
	c.collect(t, embedding{})
	c.checkNames()
	for i := range c.plan.fields {
		c.compile(&c.plan.fields[i])
	}
	c.checkBody()
	if c.compileChecks(); len(c.errs) > 0 {
		return nil, c.errs
	}
	c.finish()
	return c.plan, nil
}

// Type returns the struct type that the plan fills.
func (p *Plan) Type() reflect.Type { return p.typ }

// Fields returns all fields in the order of the struct. The slice must not be changed.
func (p *Plan) Fields() []Field { return p.fields }

// Injects returns the fields tagged inject, which Bind leaves alone.
func (p *Plan) Injects() []*Field { return p.inject }

// BodyField returns the field that holds the body, or nil: then Bind never asks for
// the body.
func (p *Plan) BodyField() *Field {
	if p.body == nil {
		return nil
	}
	return p.body.field
}

// NeedsBody tells whether Bind reads the body, as a whole or as a form.
func (p *Plan) NeedsBody() bool { return p.body != nil || p.form != nil }

// Accepts lists the media types of bodies that the plan reads; none: it reads none.
func (p *Plan) Accepts() []string {
	switch {
	case p.form != nil && len(p.form.files) > 0:
		return []string{multiparts}
	case p.form != nil:
		return []string{urlencoded, multiparts}
	case p.body == nil:
		return nil
	case p.body.field.Media != nil:
		return p.body.field.Media
	case p.body.field.Raw:
		return []string{"*/*"}
	}
	return []string{"application/json"}
}

// Streams tells whether Bind reads the body while it comes, so that it must run
// where it may wait: the plan has fields for uploads, or an io.Reader of the body.
func (p *Plan) Streams() bool {
	return p.form != nil && len(p.form.files) > 0 || p.body != nil && p.body.field.Streamed
}

// Fallible tells whether Bind, or Check, can find something wrong with a request: whether any is
// answered with 422 because of this plan.
func (p *Plan) Fallible() bool {
	if p.Checked() {
		return true
	}
	for i := range p.fields {
		switch f := &p.fields[i]; f.In {
		case Inject, Header, Cookie:
		case Body:
			if !f.Raw || f.Required {
				return true
			}
		default: // at least an escape, or bytes that are no UTF-8
			return true
		}
	}
	fallible := func(s slot) bool { return s.fallible() }
	return slices.ContainsFunc(p.header, fallible) || slices.ContainsFunc(p.cookie, fallible)
}

// Bind fills the zero struct at dst, which must be of the plan's type. The result
// is nil or lists everything that is wrong with the request; dst is then filled in
// part.
func (p *Plan) Bind(dst Pointer, src Source) *problem.Problem {
	var f faults
	for i := range p.path {
		s := &p.path[i]
		s.setPath(dst, src.PathValue(s.param), &f)
	}
	if len(p.query.slots) > 0 {
		p.query.walk(dst, src.Query(), &f)
	}
	if len(p.header) > 0 {
		p.bindHeaders(dst, src, &f)
	}
	if len(p.cookie) > 0 {
		p.bindCookies(dst, src, &f)
	}
	switch {
	case !p.NeedsBody(), hasBody(src) && !p.decoded(src, &f):
	case p.body != nil:
		p.body.bind(dst, src, &f)
	default:
		return p.form.bind(dst, src, f)
	}
	return f.problem()
}
