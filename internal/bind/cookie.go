package bind

import (
	"bytes"

	"github.com/fasterapi/fasterapi/internal/field"
)

// bindCookies reads the cookies of all Cookie lines; the first one of a name counts.
func (p *Plan) bindCookies(dst Pointer, src Source, f *faults) {
	var seen uint64
	for n := 0; ; n++ {
		line, more := src.Header("Cookie", n)
		if !more {
			break
		}
		for {
			var name, value []byte
			if name, value, line = field.NextCookie(line); len(name) == 0 {
				break
			}
			for i := range p.cookie {
				s := &p.cookie[i]
				if s.key != string(name) || seen&(1<<i) != 0 {
					continue
				}
				seen |= 1 << i
				s.setCookie(dst, value, f)
			}
		}
	}
	for i := range p.cookie {
		if seen&(1<<i) == 0 {
			p.cookie[i].finishAbsent(dst, f)
		}
	}
}

func (s *slot) setCookie(dst Pointer, value []byte, f *faults) {
	for {
		elem, rest, more := value, []byte(nil), false
		if s.split {
			elem, rest, more = bytes.Cut(value, []byte{','})
		}
		s.put(at(dst, s.offset), elem, f)
		if !more {
			s.finishPresent(dst, f)
			return
		}
		value = rest
	}
}
