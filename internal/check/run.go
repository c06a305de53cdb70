package check

import (
	"context"
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strings"

	"github.com/fasterapi/fasterapi/internal/schema"
	"github.com/fasterapi/fasterapi/problem"
)

// Run is one request's checks.
//
// Owner: one goroutine at a time.
type Run struct {
	Context context.Context
	// Faults are those that are known; new ones are put behind them, up to Most.
	Faults []problem.FieldError
	Most   int
}

// full tells whether there are enough faults. Then some are not known, and what has
// them must not be taken for good.
func (r *Run) full() bool { return len(r.Faults) >= r.Most }

// faulty tells whether a fault is known of the value at a location, of something in it
// or of one around it.
func (r *Run) faulty(location string) bool {
	return slices.ContainsFunc(r.Faults, func(e problem.FieldError) bool {
		return within(e.Location, location) || within(location, e.Location)
	})
}

// within tells whether one location is that of the other or of something in it.
func within(inner, outer string) bool {
	rest, ok := strings.CutPrefix(inner, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// Check calls the methods of v, which is addressable, and of what is in it. The location
// is that of v. An error is what a method returned, or a mistake of a method.
func (c *Checker) Check(r *Run, v reflect.Value, location string) error {
	w := walker{run: r, checker: c, location: location, secret: c.secret}
	return w.walk(v, c.root)
}

// Locate returns the location of what lies at an address, or has a Go path, in v. See
// [problem.NewFaults].
func (c *Checker) Locate(v reflect.Value, location string, field any, path string) (string, error) {
	w := walker{checker: c, location: location, secret: c.secret}
	return w.locate(v, c.root, field, path)
}

// walker goes through one value.
//
// Owner: one goroutine at a time.
type walker struct {
	run      *Run
	checker  *Checker
	location string
	secret   bool // inside of something sensitive
}

// in walks a value at a place below the current one. Locations are made on the way: only
// values with a method on them, or below, are walked.
func (w *walker) in(place string, secret bool, v reflect.Value, n *node) error {
	outer := *w
	w.location += place
	w.secret = w.secret || secret
	err := w.walk(v, n)
	w.location, w.secret = outer.location, outer.secret
	return err
}

func (w *walker) walk(v reflect.Value, n *node) error {
	if !n.active {
		return nil
	}
	if err := w.below(v, n); err != nil || !n.own {
		return err
	}
	return w.call(v, n)
}

// below walks what is in v.
func (w *walker) below(v reflect.Value, n *node) error {
	switch {
	case n.isOpt:
		if inner, ok := optValue(v, n.opt); ok {
			return w.walk(inner, n.elem)
		}
	case n.typ.Kind() == reflect.Pointer:
		if !v.IsNil() {
			return w.walk(v.Elem(), n.elem)
		}
	case n.class == schema.ClassList && n.elem.active:
		for i := range v.Len() {
			if err := w.in(fmt.Sprintf("[%d]", i), false, v.Index(i), n.elem); err != nil {
				return err
			}
		}
	case n.class == schema.ClassMap && n.elem.active:
		return w.entries(v, n)
	case n.class == schema.ClassChoice:
		return w.variant(v, n)
	}
	for i := range n.members {
		m := &n.members[i]
		if !m.active {
			continue
		}
		field, err := v.FieldByIndexErr(m.Index)
		if err != nil || m.optional && field.IsZero() { // an embedded pointer is nil
			continue
		}
		if err := w.in(m.place, m.secret, field, m.node); err != nil {
			return err
		}
	}
	return nil
}

// entries walks the values of a map, in the order of their names. What a method changes
// is put back.
func (w *walker) entries(v reflect.Value, n *node) error {
	keys := v.MapKeys()
	sort.Slice(keys, func(i, j int) bool { return keyText(keys[i]) < keyText(keys[j]) }) // as in package codec
	for _, key := range keys {
		item := reflect.New(n.elem.typ).Elem()
		item.Set(v.MapIndex(key))
		if err := w.in(w.keyPlace(key), false, item, n.elem); err != nil {
			return err
		}
		v.SetMapIndex(key, item)
	}
	return nil
}

// keyPlace is the place of the value of a key, as package codec has it.
func (w *walker) keyPlace(key reflect.Value) string {
	if w.secret {
		return ".*"
	}
	name := keyText(key)
	if len(name) > maxName {
		name = strings.ToValidUTF8(name[:maxName], "") + "..."
	}
	return "." + name
}

// maxName is how much of a client's name is repeated, in bytes.
const maxName = 64

func keyText(key reflect.Value) string {
	if m, ok := key.Interface().(encoding.TextMarshaler); ok {
		if text, err := m.MarshalText(); err == nil {
			return string(text)
		}
	}
	return fmt.Sprint(key.Interface())
}

// variant walks what a union holds. What a method changes is put back.
func (w *walker) variant(v reflect.Value, n *node) error {
	holder, _, _ := schema.HolderOf(n.typ)
	held := v.FieldByIndex(holder.Index)
	if held.IsNil() || n.variants[held.Elem().Type()] == nil {
		return nil
	}
	inner := reflect.New(held.Elem().Type()).Elem()
	inner.Set(held.Elem())
	err := w.walk(inner, n.variants[inner.Type()])
	held.Set(inner)
	return err
}

// call calls the method of v when nothing wrong is known of it.
func (w *walker) call(v reflect.Value, n *node) error {
	r := w.run
	if r.full() || len(r.Faults) > 0 && r.faulty(w.location) || missing(v) {
		return nil
	}
	at := *w
	f := problem.NewFaults(func(field any, path string) (string, error) { return at.locate(v, n, field, path) })
	err := w.checker.caller.call(v, r.Context, f)
	return r.take(f, err)
}

// Call calls the method Check of v, a pointer, whose locations locate makes.
func (r *Run) Call(v reflect.Value, caller Caller, locate func(field any, path string) (string, error)) error {
	if r.full() || missing(v) {
		return nil
	}
	f := problem.NewFaults(locate)
	err := caller.call(v, r.Context, f)
	return r.take(f, err)
}

// take notes what a method has reported, and what it returned.
func (r *Run) take(f *problem.Faults, err error) error {
	if err != nil {
		return err
	}
	if err := f.Err(); err != nil {
		return err
	}
	r.Faults = append(r.Faults, f.Errors()...)
	r.Faults = r.Faults[:min(len(r.Faults), r.Most)]
	return nil
}
