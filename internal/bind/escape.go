package bind

import (
	"bytes"

	"github.com/fasterapi/fasterapi/internal/noescape"
)

// scratchSize is how many bytes of a decoded value fit the stack; longer ones cost
// an allocation.
const scratchSize = 128

// setPath sets the field from a raw path segment, in which percent escapes are
// special, and commas between the items of a list (the style "simple" of OpenAPI,
// RFC 6570 section 3.2.2); an encoded comma is data.
func (s *slot) setPath(dst Pointer, raw []byte, f *faults) {
	if !s.many {
		s.putPath(dst, raw, f)
		return
	}
	for rest, more := raw, len(raw) > 0; more; {
		var item []byte
		item, rest, more = bytes.Cut(rest, []byte{','})
		s.putPath(dst, item, f)
	}
	s.finishPresent(dst, f)
}

func (s *slot) putPath(dst Pointer, raw []byte, f *faults) {
	if bytes.IndexByte(raw, '%') < 0 {
		s.put(at(dst, s.offset), raw, f)
		return
	}
	s.putEscaped(at(dst, s.offset), raw, false, f)
}

// putEscaped decodes raw and puts the value at p. plus: a plus sign is a blank, as
// in queries.
func (s *slot) putEscaped(p Pointer, raw []byte, plus bool, f *faults) {
	if s.foreign || len(raw) > scratchSize {
		decoded, ok := appendDecoded(make([]byte, 0, len(raw)), raw, plus)
		if !ok {
			f.add(s.field, raw, msgEscape)
			return
		}
		s.put(p, decoded, f)
		return
	}
	var scratch [scratchSize]byte
	decoded, ok := appendDecoded(scratch[:0], raw, plus)
	if !ok {
		f.add(s.field, raw, msgEscape)
		return
	}
	s.put(p, noescape.Bytes(decoded), f)
}

// appendDecoded appends src with its percent escapes (RFC 3986 section 2.1) and,
// for a query, its plus signs decoded. The result is never longer than src.
func appendDecoded(dst, src []byte, plus bool) ([]byte, bool) {
	for i := 0; i < len(src); i++ {
		c := src[i]
		switch {
		case c == '%':
			if i+2 >= len(src) {
				return dst, false
			}
			hi, lo := unhex(src[i+1]), unhex(src[i+2])
			if hi|lo > 15 {
				return dst, false
			}
			c = hi<<4 | lo
			i += 2
		case c == '+' && plus:
			c = ' '
		}
		dst = append(dst, c)
	}
	return dst, true
}
