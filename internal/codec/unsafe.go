package codec

import (
	"reflect"
	"unsafe"
)

// This file holds all of the package's unsafe code. A ptr always points to a
// live value of the type that the node using it was compiled for; the only
// places where a ptr is made from outside are Append and Decode,
// which compare the types first.

type ptr = unsafe.Pointer

// at returns the address offset bytes after p, inside the same object.
func at(p ptr, offset uintptr) ptr { return unsafe.Add(p, offset) }

// as views the memory at p as a T.
func as[T any](p ptr) *T { return (*T)(p) }

// addressOf returns the address of *v. Only plain encoders and decoders may be given
// one that noescape has hidden: they call no code that could keep it.
func addressOf[T any](v *T) ptr { return ptr(v) }

// bytesOf returns the bytes of s without a copy. Lease: read only, while s is
// reachable.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// stringOf returns b as a string without a copy. Lease: b must never be
// written again.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// sliceHeader is the memory layout of every slice.
type sliceHeader struct {
	data     ptr
	len, cap int
}

// eface is the memory layout of an interface without methods.
type eface struct {
	typ  ptr
	data ptr
}

// dataOf returns the address of the value in v; direct tells that values of
// its type are stored in the interface word itself (see isDirect).
func dataOf(v *any, direct bool) ptr {
	e := (*eface)(ptr(v))
	if direct {
		return ptr(&e.data)
	}
	return e.data
}

// isDirect tells whether values of t are pointers which an interface stores
// in its own word. The zero value of such a type has a nil word; any other
// zero value is stored behind an address.
func isDirect(t reflect.Type) bool {
	v := reflect.Zero(t).Interface()
	return (*eface)(ptr(&v)).data == nil
}

// loadAny reads the interface at p, of any interface type, as an any.
func loadAny(p ptr, methods bool) any {
	if methods {
		return *(*interface{ unlisted() })(p) // all interfaces with methods share one layout
	}
	return *(*any)(p)
}

// pointerAt returns p as a *t: no copy.
func pointerAt(p ptr, t reflect.Type) reflect.Value { return reflect.NewAt(t, p) }

// bytesAt returns the n bytes at p. Lease: while the array at p lives.
func bytesAt(p ptr, n int) []byte { return unsafe.Slice((*byte)(p), n) }
