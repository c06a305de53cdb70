package fasterapi

import (
	"cmp"
	"encoding"
	"encoding/json/v2"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/codec"
	"github.com/fasterapi/fasterapi/internal/describe"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/result"
	"github.com/fasterapi/fasterapi/internal/schema"
)

const jsonType = "application/json"

// response is a result of a handler that is no JSON: one of the types of this package,
// or a type that embeds one.
type response interface {
	// output is all that the type says. It is asked once for each route, of a zero value.
	output() (output, error)
}

// renderer is a response that renders itself with nothing compiled. A type that
// embeds one is a response too.
type renderer interface {
	response
	render(c *Ctx) error
}

// output is what results of a type T become.
//
// Owner: any (immutable after build).
type output struct {
	// render is a func(*Ctx, T) error, which makes the value the response. It takes the
	// value by value: through a pointer it would move to the heap.
	render any
	// answers are the responses in the document, the successful one first.
	answers []describe.Answer
	// waits: rendering waits for the client or for a disk, so it needs a goroutine.
	waits bool
	// several: the value decides which of several answers it is, each with its own status.
	several bool
	// redirects: the value decides which redirect it is.
	redirects bool
}

// renders is the render of a type that renders itself.
func renders[T renderer](c *Ctx, v T) error { return v.render(c) }

// outputOf decides once what results of type Out become. There is one for each type, so it
// makes only the render, which needs the type.
func outputOf[Out any]() (output, error) {
	var zero Out
	out, form, err := outputOfType(reflect.TypeFor[Out](), zero)
	if err != nil {
		return output{}, err
	}
	switch form := form.(type) {
	case *partsForm:
		out.render = func(c *Ctx, v Out) error { return form.render(c, reflect.ValueOf(&v).Elem()) }
	case *jsonForm:
		out.render = func(c *Ctx, v Out) error {
			if form.open != nil {
				if err := form.refuseResponse(v); err != nil {
					return err
				}
			}
			body, err := codec.Append(form.encoder, c.spare(), &v)
			if err != nil {
				return err
			}
			c.stageSpare(http.StatusOK, jsonType, body)
			return nil
		}
	default:
		if _, own := out.render.(func(*Ctx, Out) error); !own { // it is that of the response that Out embeds
			out.render = func(c *Ctx, v Out) error { return any(v).(renderer).render(c) }
		}
	}
	return out, nil
}

// renderOf is the render of outputOf[Out].
func renderOf[Out any](o output) func(*Ctx, Out) error { return o.render.(func(*Ctx, Out) error) }

// outputOfType is outputOf without its render, which form makes; nil: the type of zero makes it.
func outputOfType(t reflect.Type, zero any) (out output, form any, err error) {
	if err := refuseOutput(t); err != nil {
		return output{}, nil, err
	}
	if result.Is(t) {
		return structOutput(t)
	}
	if r, ok := zero.(response); ok {
		out, err := r.output()
		return out, nil, err
	}
	encoder, err := codec.CompileEncoder(t)
	if err != nil {
		return output{}, nil, err
	}
	json := &jsonForm{encoder: encoder}
	if t.Kind() == reflect.Interface {
		json.open = t
	}
	return output{answers: []describe.Answer{{Status: http.StatusOK, ContentType: jsonType, Type: t}}}, json, nil
}

// jsonForm renders what is no response.
//
// Owner: any (immutable after build).
type jsonForm struct {
	encoder *codec.Encoder
	open    reflect.Type // nil: no interface
}

// refuseResponse reports a response in an interface. What that holds is known when it is there.
func (f *jsonForm) refuseResponse(held any) error {
	if _, ok := held.(error); ok {
		return fmt.Errorf("fasterapi: the handler has returned a %T as %v, which is an error and would be sent as a success: return it as the second result", held, f.open)
	}
	if _, ok := held.(response); !ok {
		return nil
	}
	return fmt.Errorf("fasterapi: the handler has returned a %T as %v: name it as the type of its result, "+
		"alone or as one of a OneOf2", held, f.open)
}

// partsForm renders a struct with header fields, a status or a body of its own.
//
// Owner: any (immutable after build).
type partsForm struct {
	plan *result.Plan
	body bodyOutput
}

// structOutput is the output of such a struct.
func structOutput(t reflect.Type) (out output, form any, err error) {
	plan, errs := result.Compile(t)
	body, err := bodyOf(plan.Type)
	if errs = append(errs, err); errors.Join(errs...) != nil {
		return output{}, nil, fmt.Errorf("the output %v: %w", t, errors.Join(errs...))
	}
	out = output{waits: body.waits, several: body.several}
	out.answers = slices.Clone(body.answers) // the first is that of success
	success := &out.answers[0]
	if plan.Status != 0 {
		success.Status = plan.Status
	}
	for i := range plan.Fields {
		f := &plan.Fields[i]
		success.Fields = append(success.Fields, describe.HeaderField{
			Name: f.Name, Type: f.Type, Tag: f.Tag, HTTPDate: f.HTTPDate, Required: f.Required(),
		})
	}
	return out, &partsForm{plan: plan, body: body}, nil
}

// render makes an output struct the response. What it says of header fields is set
// before its body, which is nearer to the content.
func (p *partsForm) render(c *Ctx, v reflect.Value) error {
	plan := p.plan
	for i := range plan.Fields {
		f := &plan.Fields[i]
		values, err := f.Values(v)
		if err != nil {
			return err
		}
		for n, value := range values {
			if n == 0 && !field.Adds(f.Name) {
				c.SetHeader(f.Name, value)
			} else {
				c.AddHeader(f.Name, value)
			}
		}
	}
	if plan.Status != 0 {
		c.change(func(r *request) { r.reply.DefaultStatus(plan.Status) })
	}
	if plan.Body == nil {
		c.stage(http.StatusNoContent, "", nil)
		return nil
	}
	return p.body.render(c, v.FieldByIndex(plan.Body))
}

// bodyOutput is the output of a type that is known by reflection only.
//
// Owner: any (immutable after build).
type bodyOutput struct {
	output
	render func(c *Ctx, v reflect.Value) error
}

// bodyOf is outputOf for the body of an output struct; nil: it has none.
func bodyOf(t reflect.Type) (bodyOutput, error) {
	if t == nil {
		return bodyOutput{output: output{answers: []describe.Answer{{Status: http.StatusNoContent}}}}, nil
	}
	if err := refuseOutput(t); err != nil {
		return bodyOutput{}, err
	}
	if r, ok := reflect.Zero(t).Interface().(response); ok {
		out, err := r.output()
		render := reflect.ValueOf(out.render)
		if err == nil && render.Type().In(1) != t { // it is that of the response that t embeds
			return bodyOutput{output: out, render: func(c *Ctx, v reflect.Value) error { return v.Interface().(renderer).render(c) }}, nil
		}
		return bodyOutput{output: out, render: func(c *Ctx, v reflect.Value) error {
			err, _ := render.Call([]reflect.Value{reflect.ValueOf(c), v})[0].Interface().(error)
			return err
		}}, err
	}
	encoder, err := codec.CompileEncoder(t)
	if err != nil {
		return bodyOutput{}, err
	}
	b := bodyOutput{output: output{answers: []describe.Answer{{Status: http.StatusOK, ContentType: jsonType, Type: t}}}}
	b.render = func(c *Ctx, v reflect.Value) error {
		if t.Kind() == reflect.Interface {
			if _, is := v.Interface().(error); is {
				return fmt.Errorf("fasterapi: the body of the output is a %T as %v, which is an error and would be sent as a success: "+
					"return it as the second result", v.Interface(), t)
			}
			if _, is := v.Interface().(response); is {
				return fmt.Errorf("fasterapi: the body of the output is a %T as %v: name it as its type, "+
					"alone or as one of a OneOf2", v.Interface(), t)
			}
		}
		text, err := codec.AppendValue(encoder, c.spare(), v)
		if err != nil {
			return err
		}
		c.stageSpare(http.StatusOK, jsonType, text)
		return nil
	}
	return b, nil
}

// alternatives is the output of a value that is one of several answers.
func alternatives(render any, each []output, errs ...error) (output, error) {
	out := output{render: render, several: true}
	statuses := map[string]bool{}
	for _, one := range each {
		out.waits = out.waits || one.waits
		for _, a := range one.answers {
			key := fmt.Sprint(a.Status, " ", a.ContentType)
			if one.redirects {
				a.AnyRedirect, a.Description, key = true, "A redirect", "3XX"
			}
			if statuses[key] {
				errs = append(errs, fmt.Errorf("two answers have status %d and the content %q, so no client can tell them apart: "+
					"give one a status of its own (an output struct with a tag status), or make both one type with a method OneOf", a.Status, a.ContentType))
			}
			statuses[key] = true
			out.answers = append(out.answers, a)
		}
	}
	return out, errors.Join(errs...)
}

var errNoAnswer = errors.New("fasterapi: the handler has chosen none of its answers: return one by First, Second and so on")

// The response types of this package are results of handlers as they are, alone or as
// the Body of a [Response]. A pointer to one, a list of them, or one inside of an
// interface would be sent as JSON of its fields: that is a mistake of the registration,
// and where only the value tells, an error of the handler.

var (
	responseType = reflect.TypeFor[response]()
	uploadType   = reflect.TypeFor[Upload]()
)

// refuseBody tells what is wrong with t as a JSON body of requests: a file somewhere in it.
func refuseBody(f *bind.Field) error {
	if f == nil || f.Raw {
		return nil
	}
	at, inner := holds(f.Type, map[reflect.Type]bool{})
	switch {
	case f.Type == uploadType || inner == uploadType || isResponseType(f.Type) || inner != nil && isResponseType(inner):
		return fmt.Errorf("field %s: %v%s is to hold a %v, which is never in JSON: files come in fields tagged file, or as a body of type io.Reader",
			f.Name, f.Type, at, cmp.Or(inner, f.Type))
	}
	return nil
}

// refuseOutput tells what is wrong with t as a result of a handler.
func refuseOutput(t reflect.Type) error {
	switch {
	case t.Kind() == reflect.Pointer && innermost(t, reflect.Pointer).Implements(responseType):
		value := innermost(t, reflect.Pointer)
		return fmt.Errorf("the handler returns %v, which is no response: return %v", t, value)
	case t.Kind() != reflect.Interface && t.Implements(responseType) && !isResponse(t):
		return fmt.Errorf("the handler returns %v, which embeds a response: return that itself", t)
	case t.Implements(reflect.TypeFor[io.Reader]()) && !marshalsItself(t) && !t.Implements(responseType):
		return fmt.Errorf("the handler returns %v, which is no JSON: return a fasterapi.Stream with it as its Reader", t)
	case isUntaggedBody(t):
		return fmt.Errorf(`the handler returns %v, whose field Body would be a member of JSON: tag it body:"", or json:"Body" if that is meant`, t)
	}
	return refuseElement(t)
}

// isUntaggedBody tells a struct that would be an output in Huma: a field Body without tags, alone or beside Status.
func isUntaggedBody(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	has := false
	for f := range t.Fields() {
		if f.Tag != "" || f.Name != "Body" && f.Name != "Status" {
			return false
		}
		has = has || f.Name == "Body"
	}
	return has
}

// refuseElement tells what is wrong with t as a value that is sent as JSON: a response
// somewhere in it.
func refuseElement(t reflect.Type) error {
	if isResponseType(t) || result.Is(t) { // what is inside is asked of the body
		return nil
	}
	at, inner := holds(t, map[reflect.Type]bool{})
	switch {
	case inner == nil:
		return nil
	case inner == uploadType:
		return fmt.Errorf("%v%s holds uploads, which are no JSON: they come in fields tagged file, and a File sends one", t, at)
	case result.Is(inner):
		return fmt.Errorf("%v%s holds outputs, with fields tagged header or body: return one %v", t, at, inner)
	}
	return fmt.Errorf("%v%s holds responses, and a response is no JSON: return one %v", t, at, inner)
}

// isResponseType tells whether values of t are answers and no data. Texts are both, and nothing
// is said by a None.
func isResponseType(t reflect.Type) bool {
	return t.Kind() != reflect.Interface && t.Kind() != reflect.String && t != reflect.TypeFor[None]() && t.Implements(responseType)
}

// holds finds a response among what the JSON of t is made of, and the names of the fields
// that lead to it.
func holds(t reflect.Type, seen map[reflect.Type]bool) (at string, inner reflect.Type) {
	elem := innermost(t, reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map)
	if opt, ok := schema.OptOf(elem); ok {
		elem = innermost(opt.Elem, reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map)
	}
	switch nested := elem != t || len(seen) > 0; {
	case nested && (isResponseType(elem) || result.Is(elem) || elem == uploadType):
		return "", elem
	case seen[elem] || elem.Kind() != reflect.Struct || marshalsItself(elem):
		return "", nil
	}
	seen[elem] = true
	for i := range elem.NumField() {
		f := elem.Field(i)
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name == "-" || !f.IsExported() && !f.Anonymous {
			continue
		}
		if at, inner := holds(f.Type, seen); inner != nil {
			return "." + f.Name + at, inner
		}
	}
	return "", nil
}

// marshalsItself tells whether what t is in JSON is its own affair.
func marshalsItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[json.MarshalerTo]()) || p.Implements(reflect.TypeFor[json.Marshaler]()) ||
		p.Implements(reflect.TypeFor[encoding.TextMarshaler]()) || p.Implements(reflect.TypeFor[encoding.TextAppender]())
}

// notJSON is MarshalJSON of responses. An interface hides them from the start: then they fail
// here, however deep they are, and are not sent as data.
func notJSON(response any) ([]byte, error) {
	return nil, fmt.Errorf("fasterapi: a %T is a response, and no part of JSON: name it as the type of the handler's result, "+
		"alone or as one of a OneOf2", response)
}

// refuseItem is refuseElement for the items of a stream.
func refuseItem(t reflect.Type) error {
	if err := refuseElement(t); err != nil || t.Kind() == reflect.Interface {
		return err
	}
	if result.Is(t) {
		return fmt.Errorf("%v is an output, with fields tagged header or body, which cannot be an item of another", t)
	}
	if t.Kind() != reflect.String && t != reflect.TypeFor[None]() && t.Implements(responseType) {
		return fmt.Errorf("%v is a response, which cannot be an item of another", t)
	}
	return nil
}

// innermost is what t is made of, below types of these kinds.
func innermost(t reflect.Type, kinds ...reflect.Kind) reflect.Type {
	for i := 0; i < len(kinds); i++ {
		if t.Kind() == kinds[i] {
			t, i = t.Elem(), -1
		}
	}
	return t
}

// isResponse tells whether t, which has the methods of a response, becomes one: types
// of this package do, and those that embed one which renders itself.
func isResponse(t reflect.Type) bool {
	if t.PkgPath() == reflect.TypeFor[None]().PkgPath() && t.Name() != "" {
		return true
	}
	return t.Implements(reflect.TypeFor[renderer]()) && !embedsPointer(t)
}

// embedsPointer tells whether the methods of a response reach t through a pointer, which
// may be nil.
func embedsPointer(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && f.Type.Implements(responseType) && (f.Type.Kind() == reflect.Pointer || embedsPointer(f.Type)) {
			return true
		}
	}
	return false
}
