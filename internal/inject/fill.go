package inject

import (
	"reflect"
	"unsafe"

	"github.com/fasterapi/fasterapi/internal/noescape"
)

// All use of unsafe in this package is in this file. It writes values into inject
// fields: the offset and type of a field come from the plan that was compiled for its
// struct.

// Values is where the values of one provider are found.
//
// Owner: the goroutine that starts the app; any, once it has started.
type Values struct {
	Type  reflect.Type
	Value any   // of the scope App
	Cores []any // of the scope Core, by core
	exact setter
}

// ValuesOf returns where values of type T will be found.
func ValuesOf[T any]() Values { return Values{Type: reflect.TypeFor[T](), exact: setExact[T]} }

// ValuesOfType is ValuesOf for a type that is known only when the app runs.
func ValuesOfType(t reflect.Type) Values { return Values{Type: t, exact: setReflect(t)} }

// Fill writes one provided value into a field of an input struct.
//
// Owner: any (immutable after Values.Fill).
type Fill struct {
	offset uintptr
	set    setter
	scope  Scope
	slot   int // for the scope Request
	from   *Values
}

// Fill returns what writes v, of a provider of that scope, into a field of type t at
// that offset. Values of the scope Request are in that slot of those of the request.
func (v *Values) Fill(t reflect.Type, offset uintptr, scope Scope, slot int) Fill {
	set := v.exact
	if t != v.Type {
		set = setInterface(t, v.Type)
	}
	return Fill{offset: offset, set: set, scope: scope, slot: slot, from: v}
}

// Into fills fields of *in, for a request on that core for which the values in slots
// were made. *in may stay on the stack of the caller: setters keep nothing.
func Into[In any](in *In, fills []Fill, core int, slots []any) {
	if len(fills) > 0 {
		into(noescape.Pointer(unsafe.Pointer(in)), fills, core, slots)
	}
}

// IntoPointer is Into for an input of which only a pointer in an interface is at hand.
func IntoPointer(in any, fills []Fill, core int, slots []any) {
	into(reflect.ValueOf(in).UnsafePointer(), fills, core, slots)
}

func into(p unsafe.Pointer, fills []Fill, core int, slots []any) {
	for i := range fills {
		f := &fills[i]
		v := f.from.Value
		switch f.scope {
		case Core:
			v = f.from.Cores[core]
		case Request:
			v = slots[f.slot]
		}
		f.set(p, f.offset, v)
	}
}

// setter writes v into a field. v holds a value of the provider's type.
type setter func(in unsafe.Pointer, offset uintptr, v any)

// setExact is the setter for a field of the provider's own type.
func setExact[T any](in unsafe.Pointer, offset uintptr, v any) {
	if value, ok := v.(T); ok { // else: a nil interface, which the field is already
		*(*T)(unsafe.Add(in, offset)) = value
	}
}

// setReflect is setExact for a type that is known only when the app runs.
func setReflect(t reflect.Type) setter {
	return func(in unsafe.Pointer, offset uintptr, v any) {
		reflect.NewAt(t, unsafe.Add(in, offset)).Elem().Set(reflect.ValueOf(v))
	}
}

// iface is the memory layout of every interface: its type or method table, and
// its data, which is the same in all interfaces that hold a value.
type iface struct{ table, data unsafe.Pointer }

// setInterface makes the setter for a field of interface type that holds values
// of the concrete type. The method table is looked up once.
func setInterface(field, concrete reflect.Type) setter {
	if concrete.Kind() == reflect.Interface {
		return func(in unsafe.Pointer, offset uintptr, v any) {
			if v != nil {
				reflect.NewAt(field, unsafe.Add(in, offset)).Elem().Set(reflect.ValueOf(v))
			}
		}
	}
	sample := reflect.New(field)
	sample.Elem().Set(reflect.Zero(concrete))
	table := (*iface)(sample.UnsafePointer()).table
	return func(in unsafe.Pointer, offset uintptr, v any) {
		*(*iface)(unsafe.Add(in, offset)) = iface{table, (*iface)(unsafe.Pointer(&v)).data}
	}
}
