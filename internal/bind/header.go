package bind

import (
	"bytes"

	"github.com/fasterapi/fasterapi/internal/field"
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
			s.put(add(dst, s.offset), raw, f)
		}
	}
}

// setHeaderList reads the elements of all lines: RFC 9110 section 5.6.1, empty elements do not count.
func (s *slot) setHeaderList(dst Pointer, src Source, f *faults) {
	p := add(dst, s.offset)
	for n := 0; ; n++ {
		line, ok := src.Header(s.key, n)
		if !ok {
			return
		}
		for len(line) > 0 {
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
