package field

import "iter"

// NextCookie takes the next well-formed pair off a Cookie line; name is empty
// when the line holds no other. See [Cookies].
func NextCookie[T Text](line T) (name, value, rest T) {
	for rest = line; len(rest) > 0; {
		part := rest
		if end := index(part, ';'); end >= 0 {
			part, rest = part[:end], part[end+1:]
		} else {
			rest = rest[len(rest):]
		}
		if name, value, ok := cookiePair(trimText(part)); ok {
			return name, value, rest
		}
	}
	return name, value, rest
}

// Cookies yields the pairs of a Cookie line in their order. Browsers send
// whatever any page of the domain has stored (RFC 6265 section 5.4), so every
// pair is read by itself, as net/http's Request.Cookie does: white space around
// the pair and the name is dropped, and so are double quotes around the value; a
// name alone has the value ""; a pair whose name is no token, or whose value
// holds a byte that is not cookie-octet, blank or comma, is left out.
func Cookies[T Text](line T) iter.Seq2[T, T] {
	return func(yield func(name, value T) bool) {
		for {
			var name, value T
			if name, value, line = NextCookie(line); len(name) == 0 || !yield(name, value) {
				return
			}
		}
	}
}

func cookiePair[T Text](part T) (name, value T, ok bool) {
	equals := index(part, '=')
	if equals < 0 {
		name, value = part, part[len(part):]
	} else {
		name, value = trimText(part[:equals]), part[equals+1:]
	}
	if !IsToken(name) {
		return name, value, false
	}
	if n := len(value); n > 1 && value[0] == '"' && value[n-1] == '"' {
		value = value[1 : n-1]
	}
	for i := range len(value) {
		if c := value[i]; c < ' ' || c >= 0x7f || c == '"' || c == ';' || c == '\\' {
			return name, value, false
		}
	}
	return name, value, true
}

// trimText drops what net/textproto's TrimString drops: blanks and line ends.
func trimText[T Text](s T) T {
	for len(s) > 0 && isTextSpace(s[0]) {
		s = s[1:]
	}
	for len(s) > 0 && isTextSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

func isTextSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
