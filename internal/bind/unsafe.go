package bind

import (
	"reflect"
	"unsafe"
)

// All use of unsafe in this package goes through this file. Offsets come from reflect and lie inside the
// struct that Compile looked at.

// Pointer is the address of an input struct, or of a field in it. Its type is the one that the plan was compiled for.
type Pointer = unsafe.Pointer

// addressOf returns the address of v.
func addressOf[T any](v *T) Pointer { return unsafe.Pointer(v) }

// add returns the address offset bytes after p, inside the same object.
func add(p unsafe.Pointer, offset uintptr) unsafe.Pointer { return unsafe.Add(p, offset) }

// at views the memory at p as a T; the plan has checked that it is one.
func at[T any](p unsafe.Pointer) *T { return (*T)(p) }

// hide returns p in a way that escape analysis does not follow, so that what it points to may stay on
// the stack. Whoever receives it must not keep it beyond the call: only setters of this package do.
//
// While x holds the address it is a number, which nobody corrects when the stack moves. So nothing may be called
// meanwhile, not even the pointer checks that -race adds (TestStackGrowth).
//
//go:nosplit
//go:nocheckptr
func hide(p unsafe.Pointer) unsafe.Pointer {
	x := uintptr(p)
	return *(*unsafe.Pointer)(unsafe.Pointer(&x))
}

// hideBytes does the same for the array below a slice.
func hideBytes(b []byte) []byte {
	return unsafe.Slice((*byte)(hide(unsafe.Pointer(unsafe.SliceData(b)))), len(b))
}

// valueAt returns the settable value of type t at p.
func valueAt(p unsafe.Pointer, t reflect.Type) reflect.Value { return reflect.NewAt(t, p).Elem() }

// pointerTo returns new memory for a value of type t and the address of it as a pointer field holds it.
func pointerTo(t reflect.Type) unsafe.Pointer { return reflect.New(t).UnsafePointer() }

// sliceHeader is the memory layout of every slice.
type sliceHeader struct {
	data     unsafe.Pointer
	len, cap int
}

// lenOf returns the length of the slice at p, of any type.
func lenOf(p unsafe.Pointer) int { return (*sliceHeader)(p).len }

// lastOf returns the address of the last item, of size bytes, of the slice at p, which is not empty.
func lastOf(p unsafe.Pointer, size uintptr) unsafe.Pointer {
	h := (*sliceHeader)(p)
	return unsafe.Add(h.data, uintptr(h.len-1)*size)
}

// setPointer stores v in the pointer field at p.
func setPointer(p, v unsafe.Pointer) { *(*unsafe.Pointer)(p) = v }
