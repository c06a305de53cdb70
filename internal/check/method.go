package check

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"strings"

	"github.com/fasterapi/fasterapi/problem"
)

// Caller says how methods are called whose context is not a context.Context. The zero
// value knows none.
//
// Owner: any (immutable).
type Caller struct {
	// Context is the type of that context, and Name what mistakes call it.
	Context reflect.Type
	Name    string
	// Refused is why there is no such context here; empty: there is.
	Refused string
	// Call calls the method Check of v, a pointer.
	Call func(v any, ctx context.Context, f *problem.Faults) error

	// foreign tells packages whose types nobody here can change; nil: by the build.
	foreign func(pkg string) bool
}

var (
	contextType = reflect.TypeFor[context.Context]()
	faultsType  = reflect.TypeFor[*problem.Faults]()
	errorType   = reflect.TypeFor[error]()
)

// method finds the method of t. A mistake says what looks like it.
func (c *Caller) method(t reflect.Type) (has bool, mistake error) {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface || t.Name() == "" && t.Kind() != reflect.Struct {
		return false, nil
	}
	p := reflect.PointerTo(t)
	if m, ok := p.MethodByName("Check"); ok {
		switch {
		case c.takes(m.Type) && m.Type.In(1) == c.Context && c.Refused != "":
			return false, fmt.Errorf("%v.Check takes a %s, and %s: let it take a context.Context", t, c.Name, c.Refused)
		case c.takes(m.Type):
			return true, nil
		case m.Type.NumIn() == 1 && c.isForeign(t.PkgPath()): // Check() error of a library is for something else
		case c.resembles(m.Type):
			return false, c.unlike(t, m.Type)
		}
		return false, nil
	}
	for _, find := range []func() (reflect.Method, bool){
		func() (reflect.Method, bool) { return p.MethodByName("Validate") },
		func() (reflect.Method, bool) { return p.MethodByName("Resolve") },
	} {
		if m, ok := find(); ok && c.takes(m.Type) {
			return false, fmt.Errorf("%v.%s is never called: name it Check", t, m.Name)
		}
	}
	return false, twoEmbedded(c, t)
}

// twoEmbedded reports embedded structs whose methods hide each other.
func twoEmbedded(c *Caller, t reflect.Type) error {
	if t.Kind() != reflect.Struct {
		return nil
	}
	var found []string
	for i := range t.NumField() {
		f := t.Field(i)
		if inner := structOf(f.Type); f.Anonymous && inner != nil {
			if m, ok := reflect.PointerTo(inner).MethodByName("Check"); ok && c.takes(m.Type) {
				found = append(found, f.Name)
			}
		}
	}
	if len(found) < 2 {
		return nil
	}
	return fmt.Errorf("%v embeds %s, whose methods Check hide each other: give it one of its own that calls them", t, strings.Join(found, " and "))
}

// structOf is the struct that t is or points to, nil when there is none.
func structOf(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	return t
}

// takes tells whether a method, with its receiver, is one to call.
func (c *Caller) takes(m reflect.Type) bool {
	return m.NumIn() == 3 && c.isContext(m.In(1)) && m.In(2) == faultsType &&
		(m.NumOut() == 0 || m.NumOut() == 1 && m.Out(0) == errorType)
}

func (c *Caller) isContext(t reflect.Type) bool {
	return t == contextType || c.Context != nil && t == c.Context
}

// resembles tells whether a method Check of another signature looks meant to be called:
// it takes nothing but a context and faults, and returns what is wrong, or nothing.
func (c *Caller) resembles(m reflect.Type) bool {
	for i := 1; i < m.NumIn(); i++ {
		in := m.In(i)
		byValue := in == contextType || in == faultsType.Elem() || c.Context != nil && (in == c.Context || in == c.Context.Elem())
		if !byValue && in != faultsType {
			return false
		}
	}
	if m.NumIn() > 1 {
		return true
	}
	if m.NumOut() == 0 {
		return false
	}
	switch m.Out(m.NumOut() - 1) {
	case errorType, faultsType, reflect.TypeFor[[]error](), reflect.TypeFor[*problem.Problem](), reflect.TypeFor[problem.FieldError](),
		reflect.TypeFor[[]problem.FieldError]():
		return true
	}
	return false
}

func (c *Caller) unlike(t, m reflect.Type) error {
	context := "context.Context"
	if c.Context != nil {
		context += " (or " + c.Name + ")"
	}
	return fmt.Errorf("%v.Check is never called, because it is a %s: it must be Check(%s, *problem.Faults), and may return an error; name it otherwise if it is for something else",
		t, signature(m), context)
}

// signature is how a method is declared, without its receiver.
func signature(m reflect.Type) string {
	var in, out []string
	for i := 1; i < m.NumIn(); i++ {
		in = append(in, m.In(i).String())
	}
	for i := range m.NumOut() {
		out = append(out, m.Out(i).String())
	}
	text := "func(" + strings.Join(in, ", ") + ")"
	switch len(out) {
	case 0:
		return text
	case 1:
		return text + " " + out[0]
	}
	return text + " (" + strings.Join(out, ", ") + ")"
}

// call calls the method of v, which is addressable.
func (c *Caller) call(v reflect.Value, ctx context.Context, f *problem.Faults) error {
	switch m := v.Addr().Interface().(type) {
	case interface {
		Check(ctx context.Context, f *problem.Faults)
	}:
		m.Check(ctx, f)
		return nil
	case interface {
		Check(ctx context.Context, f *problem.Faults) error
	}:
		return m.Check(ctx, f)
	default:
		return c.Call(m, ctx, f)
	}
}

// missing tells whether the method of v is that of an embedded struct whose pointer is
// nil, so that there is nothing to check.
func missing(v reflect.Value) bool {
	if v.Kind() != reflect.Struct {
		return false
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.Anonymous || f.Type.Kind() != reflect.Pointer || !v.Field(i).IsNil() {
			continue
		}
		if _, ok := f.Type.MethodByName("Check"); ok && promoted(v.Type()) {
			return true
		}
	}
	return false
}

// promoted tells whether the compiler has made the method of t, from that of an embedded
// struct. It makes methods of generic types too, which then count as own.
func promoted(t reflect.Type) bool {
	m, ok := t.MethodByName("Check")
	if !ok {
		m, _ = reflect.PointerTo(t).MethodByName("Check")
	}
	f := runtime.FuncForPC(m.Func.Pointer())
	if f == nil || strings.Contains(f.Name(), "[") {
		return false
	}
	file, _ := f.FileLine(f.Entry())
	return file == "<autogenerated>"
}
