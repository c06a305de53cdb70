package codec

import (
	"encoding/base64"
	"reflect"
	"strconv"
)

// compileList plans slices and arrays. Bytes of the predeclared type travel as
// base64, in slices and arrays alike; named byte types as numbers.
func (c *encodeCompiler) compileList(t reflect.Type, where string) appendFunc {
	e := t.Elem()
	if e.Kind() == reflect.Uint8 && e.PkgPath() == "" {
		if t.Kind() == reflect.Slice {
			return func(dst []byte, p ptr, _ int) ([]byte, error) { return appendBase64(dst, *as[[]byte](p)), nil }
		}
		n := t.Len()
		return func(dst []byte, p ptr, _ int) ([]byte, error) { return appendBase64(dst, bytesAt(p, n)), nil }
	}
	l := &listEncoder{elem: c.node(e, false, where+"[]"), stride: e.Size()}
	if t.Kind() == reflect.Array {
		n := t.Len()
		return func(dst []byte, p ptr, depth int) ([]byte, error) { return l.append(dst, p, n, depth) }
	}
	return func(dst []byte, p ptr, depth int) ([]byte, error) {
		h := as[sliceHeader](p)
		return l.append(dst, h.data, h.len, depth)
	}
}

// listEncoder writes an array of equal elements.
//
// Owner: any (immutable once made).
type listEncoder struct {
	elem   *encodeNode
	stride uintptr // bytes from one element to the next
}

func (l *listEncoder) append(dst []byte, data ptr, n, depth int) ([]byte, error) {
	if depth >= maxDepth {
		return dst, errDepth
	}
	if n == 0 {
		return append(dst, '[', ']'), nil
	}
	fn := l.elem.fn
	dst = append(dst, '[')
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = fn(dst, at(data, uintptr(i)*l.stride), depth+1); err != nil {
			return dst, below(strconv.Itoa(i), typed(l.elem.typ, err))
		}
	}
	return append(dst, ']'), nil
}

func appendBase64(dst, b []byte) []byte {
	dst = base64.StdEncoding.AppendEncode(append(dst, '"'), b)
	return append(dst, '"')
}
