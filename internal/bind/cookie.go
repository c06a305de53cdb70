package bind

import (
	"bytes"
	"strings"
)

// cookie is one name=value of a Cookie header.
type cookie struct {
	name, value []byte
}

// cutCookie takes the first part off a Cookie line and reads it as net/http reads it: blanks around the part and
// the name are dropped, so are double quotes around the value; ok is false for a part that net/http ignores.
func cutCookie(line []byte) (c cookie, ok bool, rest []byte) {
	part, rest, _ := bytes.Cut(line, []byte{';'})
	part = trimText(part)
	name, value, _ := bytes.Cut(part, []byte{'='})
	name = trimText(name)
	if !isToken(name) {
		return c, false, rest
	}
	if n := len(value); n > 1 && value[0] == '"' && value[n-1] == '"' {
		value = value[1 : n-1]
	}
	for _, b := range value {
		if b < ' ' || b >= 0x7F || b == '"' || b == ';' || b == '\\' {
			return c, false, rest
		}
	}
	return cookie{name: name, value: value}, true, rest
}

// bindCookies reads the cookies of all Cookie lines; the first one of a name counts.
func (p *Plan) bindCookies(dst Pointer, src Source, f *faults) {
	var seen uint64
	for n := 0; ; n++ {
		line, more := src.Header("Cookie", n)
		if !more {
			break
		}
		for line = trimText(line); len(line) > 0; {
			var c cookie
			var ok bool
			if c, ok, line = cutCookie(line); !ok {
				continue
			}
			for i := range p.cookie {
				s := &p.cookie[i]
				if s.key != string(c.name) || seen&(1<<i) != 0 {
					continue
				}
				seen |= 1 << i
				s.setCookie(dst, c.value, f)
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
		s.put(add(dst, s.offset), elem, f)
		if !more {
			s.finishPresent(dst, f)
			return
		}
		value = rest
	}
}

// trimText drops what net/textproto's TrimString drops: blanks and line ends.
func trimText(b []byte) []byte {
	for len(b) > 0 && isTextSpace(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isTextSpace(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func isTextSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// isToken reports whether b is an RFC 9110 token (section 5.6.2).
func isToken(b []byte) bool {
	for _, c := range b {
		switch {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return len(b) > 0
}
