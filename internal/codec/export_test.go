package codec

import (
	"reflect"

	"github.com/fasterapi/fasterapi/internal/noescape"
)

// AppendAny appends v, whose type must be the one that e was compiled for.
func (e *Encoder) AppendAny(dst []byte, v any) ([]byte, error) {
	if reflect.TypeOf(v) != e.typ {
		return dst, mismatch(e, reflect.TypeOf(v))
	}
	if !e.plain {
		held := reflect.New(e.typ)
		held.Elem().Set(reflect.ValueOf(v))
		return e.append(dst, held.UnsafePointer())
	}
	return e.append(dst, noescape.Pointer(dataOf(&v, e.direct)))
}
