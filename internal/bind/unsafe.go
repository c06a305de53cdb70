package bind

import (
	"reflect"
	"unsafe"
)

// All use of unsafe in this package goes through this file. Offsets come from
// reflect and lie inside the struct that Compile looked at.

// Pointer is the address of an input struct, or of a field in it. Its type is the
// one that the plan was compiled for.
type Pointer = unsafe.Pointer

// addressOf returns the address of v.
func addressOf[T any](v *T) Pointer { return unsafe.Pointer(v) }

// at returns the address offset bytes after p, inside the same object.
func at(p Pointer, offset uintptr) Pointer { return unsafe.Add(p, offset) }

// as views the memory at p as a T; the plan has checked that it is one.
func as[T any](p Pointer) *T { return (*T)(p) }

// valueAt returns the settable value of type t at p.
func valueAt(p unsafe.Pointer, t reflect.Type) reflect.Value { return reflect.NewAt(t, p).Elem() }

// newOf returns the address of a new value of type t.
func newOf(t reflect.Type) unsafe.Pointer { return reflect.New(t).UnsafePointer() }

// sliceHeader is the memory layout of every slice.
type sliceHeader struct {
	data     unsafe.Pointer
	len, cap int
}

// lenOf returns the length of the slice at p, of any type.
func lenOf(p unsafe.Pointer) int { return (*sliceHeader)(p).len }

// lastOf returns the address of the last item, of size bytes, of the slice at p,
// which is not empty.
func lastOf(p unsafe.Pointer, size uintptr) unsafe.Pointer {
	h := (*sliceHeader)(p)
	return unsafe.Add(h.data, uintptr(h.len-1)*size)
}

// setPointer stores v in the pointer field at p.
func setPointer(p, v unsafe.Pointer) { *(*unsafe.Pointer)(p) = v }
