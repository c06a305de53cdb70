package db

import (
	"reflect"
	"time"
	"unsafe"
)

// This file holds everything in package db that needs unsafe: places inside the
// caller's structs, parameters packed into three words, and the one conversion
// that keeps parameters of unusual types from forcing the usual ones onto the
// heap.

// pointer is the address of a value whose type the plan knows. It keeps the
// value alive like any pointer.
type pointer = unsafe.Pointer

func pointerTo[T any](p *T) pointer { return pointer(p) }

// at views the bytes at p+offset as a T. The plan made sure that a T lies there.
func at[T any](p pointer, offset uintptr) *T { return (*T)(unsafe.Add(p, offset)) }

func offsetOf(p pointer, offset uintptr) pointer { return unsafe.Add(p, offset) }

// typed returns the place p+offset as a *t in an interface, for reflection and
// for Scan.
func typed(p pointer, offset uintptr, t reflect.Type) any {
	return reflect.NewAt(t, unsafe.Add(p, offset)).Interface()
}

// Param is one parameter of a statement, as a small tagged union: three words,
// owned by the query. Read it according to Kind.
//
// Owner: any (immutable after New).
type Param struct {
	ptr  pointer // text, bytes, time, uuid, any
	num  uint64  // int, float bits, bool, or a length
	kind ParamKind
}

func textParam(s string) Param {
	return Param{ptr: pointer(unsafe.StringData(s)), num: uint64(len(s)), kind: ParamText}
}

func bytesParam(b []byte) Param {
	if b == nil {
		return Param{}
	}
	return Param{ptr: pointer(unsafe.SliceData(b)), num: uint64(len(b)), kind: ParamBytes}
}

func timeParam(t time.Time) Param { return Param{ptr: pointer(&t), kind: ParamTime} }

func uuidParam(u [16]byte) Param { return Param{ptr: pointer(&u), kind: ParamUUID} }

func anyParam(v any) Param { return Param{ptr: pointer(&v), kind: ParamAny} }

// Text returns the value of a ParamText: the caller's own string.
func (p *Param) Text() string { return unsafe.String((*byte)(p.ptr), int(p.num)) }

// Bytes returns the value of a ParamBytes, never nil. Lease: it is the caller's
// slice, to be read until the query finishes and not to be kept.
func (p *Param) Bytes() []byte {
	if p.num == 0 {
		return []byte{}
	}
	return unsafe.Slice((*byte)(p.ptr), int(p.num))
}

// Time returns the value of a ParamTime.
func (p *Param) Time() time.Time { return *(*time.Time)(p.ptr) }

// UUID returns the value of a ParamUUID.
func (p *Param) UUID() [16]byte { return *(*[16]byte)(p.ptr) }

// Any returns the value of a ParamAny: a struct, map, slice or array that the
// driver encodes as it sees fit (JSON, an array).
func (p *Param) Any() any { return *(*any)(p.ptr) }

// hide returns a again without the compiler seeing that the result is a. The
// built-in parameter types are then free to stay on the caller's stack, since
// only paths that use the result could keep them. In exchange, what a's own data
// word points at may be on the caller's stack, so the user of the result must
// copy that one object before it hands it to code that may keep it (detach).
// What that object points at in turn is tracked by the compiler as usual.
//
// Between the two statements the data word is an integer to the compiler, which
// would survive there when the stack moves. It cannot move: nosplit and norace
// leave no call inside, noinline keeps the integer from reaching the caller, and
// asynchronous preemption never moves a stack.
//
//go:nosplit
//go:norace
//go:noinline
func hide(a any) any {
	var out any
	*(*[2]uintptr)(pointer(&out)) = *(*[2]uintptr)(pointer(&a))
	return out
}
