package fasterapi

import (
	"reflect"
	"unsafe"

	"github.com/fasterapi/fasterapi/internal/bind"
	"github.com/fasterapi/fasterapi/internal/noescape"
)

// All use of unsafe in this package goes through this file. It writes values
// into inject fields: the offset and type of a field come from the plan that
// was compiled for the struct. And it reads strings as bytes.

// pointer is the address of an input struct.
type pointer = unsafe.Pointer

// address returns the address of *in, unseen by escape analysis, so that an
// input may stay on its handler's stack. It is given to setters of this file
// only, which keep nothing.
func address[In any](in *In) pointer { return noescape.Pointer(unsafe.Pointer(in)) }

// setter writes v into a field. v holds a value of the provider's type.
type setter func(in pointer, offset uintptr, v any)

// setExact is the setter for a field of the provider's own type.
func setExact[T any](in pointer, offset uintptr, v any) {
	if value, ok := v.(T); ok { // else: a nil interface, which the field is already
		*(*T)(unsafe.Add(in, offset)) = value
	}
}

// setReflect is setExact for a type that is known only when the app runs.
func setReflect(t reflect.Type) setter {
	return func(in pointer, offset uintptr, v any) {
		reflect.NewAt(t, unsafe.Add(in, offset)).Elem().Set(reflect.ValueOf(v))
	}
}

// words is the memory layout of every interface: its type or method table, and
// its data, which is the same in all interfaces that hold a value.
type words struct{ table, data unsafe.Pointer }

// setInterface makes the setter for a field of interface type that holds values
// of the concrete type. The method table is looked up once.
func setInterface(field, concrete reflect.Type) setter {
	if concrete.Kind() == reflect.Interface {
		return func(in pointer, offset uintptr, v any) {
			if v != nil {
				reflect.NewAt(field, unsafe.Add(in, offset)).Elem().Set(reflect.ValueOf(v))
			}
		}
	}
	sample := reflect.New(field)
	sample.Elem().Set(reflect.Zero(concrete))
	table := (*words)(sample.UnsafePointer()).table
	return func(in pointer, offset uintptr, v any) {
		*(*words)(unsafe.Add(in, offset)) = words{table, (*words)(unsafe.Pointer(&v)).data}
	}
}

// bytesOf are the bytes of s where they lie. They must not be changed.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// storeUpload writes an upload into a file field.
func storeUpload(dst pointer, held *bind.Upload) { *(*Upload)(dst) = newUpload(held) }
