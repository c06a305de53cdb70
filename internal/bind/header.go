package bind

import (
	"bytes"
	"reflect"
	"unicode/utf8"

	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/schema"
)

// bindHeaders asks the source for each header of the plan.
func (p *Plan) bindHeaders(dst Pointer, src Source, f *faults) {
	for i := range p.header {
		s := &p.header[i]
		raw, ok := src.Header(s.key, 0)
		switch {
		case !ok:
			s.finishAbsent(dst, f)
		case s.many:
			s.setHeaderList(dst, src, f)
			s.finishPresent(dst, f)
		default:
			s.put(at(dst, s.offset), text(raw), f)
		}
	}
}

// fallible tells whether a request can be wrong in this header or cookie. All bytes of a
// field value are a text, see text, and cookies with others than ASCII are none, so a text
// without rules cannot.
func (s *slot) fallible() bool {
	t, _ := schema.Strip(s.field.Type)
	if s.many {
		t = t.Elem()
	}
	return s.field.Required || s.foreign || s.judge != nil || s.whole != nil || t.Kind() != reflect.String
}

// setHeaderList reads the elements of all lines: RFC 9110 section 5.6.1, empty
// elements do not count.
func (s *slot) setHeaderList(dst Pointer, src Source, f *faults) {
	p := at(dst, s.offset)
	for n := 0; ; n++ {
		line, ok := src.Header(s.key, n)
		if !ok {
			return
		}
		for line = text(line); len(line) > 0; {
			var elem []byte
			elem, line, _ = bytes.Cut(line, []byte{','})
			elem = field.Trim(elem)
			if len(elem) == 0 {
				continue
			}
			s.put(p, elem, f)
		}
	}
}

// text returns a field value as UTF-8. Bytes beyond ASCII that are no UTF-8 are
// ISO-8859-1, what they once were by definition (RFC 9110 section 5.5): a handler
// can repeat that in JSON, and a proxy that adds one such name does not make the
// whole request invalid.
func text(raw []byte) []byte {
	if utf8.Valid(raw) {
		return raw
	}
	decoded := make([]byte, 0, 2*len(raw))
	for _, c := range raw {
		decoded = utf8.AppendRune(decoded, rune(c))
	}
	return decoded
}
