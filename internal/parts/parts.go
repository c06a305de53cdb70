package parts

import (
	"iter"
	"reflect"
	"sync"

	"github.com/fasterapi/fasterapi/internal/goroutine"
)

// deepest bounds how many structs within each other are looked through: one that embeds a pointer to its
// own kind has no end.
const deepest = 4

// Of yields v, and what the exported fields of its struct hold, also those of structs in it and of
// embedded ones.
func Of(v any) iter.Seq[any] {
	return func(yield func(any) bool) {
		if v == nil || !yield(v) {
			return
		}
		fields(reflect.ValueOf(v), deepest, yield)
	}
}

// fields yields what the fields of v hold; false: no more is wanted.
func fields(v reflect.Value, depth int, yield func(any) bool) bool {
	v, ok := structOf(v)
	if !ok || depth == 0 {
		return true
	}
	for i := range v.NumField() {
		field, f := v.Type().Field(i), v.Field(i)
		switch {
		case !field.IsExported():
			if field.Anonymous && !fields(f, depth-1, yield) { // its exported fields can be read
				return false
			}
			continue
		case f.Kind() == reflect.Pointer || f.Kind() == reflect.Interface:
			if !f.IsNil() && !yield(f.Interface()) {
				return false
			}
		}
		if (field.Anonymous || f.Kind() == reflect.Struct) && !fields(f, depth-1, yield) {
			return false
		}
	}
	return true
}

// structOf is the struct that v is, or points to.
func structOf(v reflect.Value) (reflect.Value, bool) {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	return v, v.Kind() == reflect.Struct
}

// Promoted tells whether v has the methods of I from a value that it embeds, which [Of] yields as well, unless it is nil.
func Promoted[I any](v any) bool {
	return v != nil && promoted(reflect.TypeOf(v), reflect.TypeFor[I](), deepest)
}

func promoted(t, methods reflect.Type, depth int) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || depth == 0 {
		return false
	}
	for field := range t.Fields() {
		if !field.Anonymous {
			continue
		}
		if field.IsExported() && field.Type.Implements(methods) || promoted(field.Type, methods, depth-1) {
			return true
		}
	}
	return false
}

// listeners are those who hear, by their goroutine: a function holds nothing that could be asked, so
// middleware says what it knows while it is put together, however deep inside of other middleware that is.
var listeners sync.Map // goroutine.ID() -> *[]any

// Hear appends to list what is told on this goroutine, until stop. Those who listened before hear none of it.
func Hear(list *[]any) (stop func()) {
	id := goroutine.ID()
	outer, nested := listeners.Swap(id, list)
	return func() {
		if listeners.Delete(id); nested { // another app is compiled by the middleware of this one
			listeners.Store(id, outer)
		}
	}
}

// Tell tells v to who listens on this goroutine.
func Tell(v any) {
	if list, ok := listeners.Load(goroutine.ID()); ok {
		heard := list.(*[]any)
		*heard = append(*heard, v)
	}
}
