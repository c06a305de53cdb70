package driver

import (
	"reflect"
	"time"
	"unsafe"
)

// This file holds everything in package driver that needs unsafe: places inside the
// caller's structs, and parameters packed into three words.

// Place is the address of a value whose type the plan knows. It keeps the
// value alive like any pointer.
type Place = unsafe.Pointer

// at returns the address offset bytes after p, inside the same object.
func at(p Place, offset uintptr) Place { return unsafe.Add(p, offset) }

// as views the memory at p as a T. The plan made sure that it is one.
func as[T any](p Place) *T { return (*T)(p) }

// typed returns p as a *t in an interface, for reflection and for Scan.
func typed(p Place, t reflect.Type) any { return reflect.NewAt(t, p).Interface() }

// Param is one parameter of a statement, as a small tagged union: three words,
// owned by the query. Read it according to Kind.
//
// Owner: any (immutable after New).
type Param struct {
	ptr  Place  // text, bytes, time, uuid, any
	num  uint64 // int, float bits, bool, or a length
	kind ParamKind
}

func textParam(s string) Param {
	return Param{ptr: Place(unsafe.StringData(s)), num: uint64(len(s)), kind: ParamText}
}

func bytesParam(b []byte) Param {
	if b == nil {
		return Param{}
	}
	return Param{ptr: Place(unsafe.SliceData(b)), num: uint64(len(b)), kind: ParamBytes}
}

func timeParam(t time.Time) Param { return Param{ptr: Place(&t), kind: ParamTime} }

func uuidParam(u [16]byte) Param { return Param{ptr: Place(&u), kind: ParamUUID} }

func anyParam(v any) Param { return Param{ptr: Place(&v), kind: ParamAny} }

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
