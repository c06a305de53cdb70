package field

// Text is what a field value may be given as.
type Text interface{ ~string | ~[]byte }

// tokens has a bit for every byte that may stand in a token, 64 to a word.
var tokens = func() (t [4]uint64) {
	for _, c := range []byte("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		t[c>>6] |= 1 << (c & 63)
	}
	return t
}()

// IsTokenByte reports whether c may stand in a token: tchar of RFC 9110 section 5.6.2.
func IsTokenByte(c byte) bool { return tokens[c>>6]>>(c&63)&1 != 0 }

// IsToken reports whether s is a token of RFC 9110 section 5.6.2.
func IsToken[T Text](s T) bool {
	for i := range len(s) {
		if !IsTokenByte(s[i]) {
			return false
		}
	}
	return len(s) > 0
}

// Trim removes optional white space, SP and HTAB of RFC 9110 section 5.6.3, from both ends.
func Trim[T Text](s T) T {
	from, to := 0, len(s)
	for from < to && (s[from] == ' ' || s[from] == '\t') {
		from++
	}
	for from < to && (s[to-1] == ' ' || s[to-1] == '\t') {
		to--
	}
	return s[from:to]
}

// EqualFold reports whether a and b are equal but for the case of ASCII
// letters, which is how names in HTTP are compared: strings.EqualFold takes the
// Kelvin sign for a k.
func EqualFold[A, B Text](a A, b B) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if a[i] != b[i] && lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// NextToken cuts the first element off a list of tokens (RFC 9110 section
// 5.6.1). It returns the element without white space, and what follows the
// comma; more is false when the element was the last one. Elements may be empty.
func NextToken[T Text](list T) (element, rest T, more bool) {
	at := index(list, ',')
	if at < 0 {
		return Trim(list), list[len(list):], false
	}
	return Trim(list[:at]), list[at+1:], true
}

// NextElement is [NextToken] for lists whose elements may hold quoted strings
// (RFC 9110 section 5.6.4), in which a comma ends nothing. A quote that is never
// closed lasts to the end of the list.
func NextElement[T Text](list T) (element, rest T, more bool) {
	return cutUnquoted(list, ',')
}

// cutUnquoted cuts at the first separator outside of quoted strings.
func cutUnquoted[T Text](s T, separator byte) (before, rest T, found bool) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && quoted:
			i++
		case c == separator && !quoted:
			return Trim(s[:i]), s[i+1:], true
		}
	}
	return Trim(s), s[len(s):], false
}

// Lists reports whether a list of tokens, such as a Connection, Upgrade or Vary
// field, has the token, without regard to case.
func Lists[T Text](list T, token string) bool {
	for more := true; more; {
		var element T
		if element, list, more = NextToken(list); EqualFold(element, token) {
			return true
		}
	}
	return false
}

func index[T Text](s T, c byte) int {
	for i := range len(s) {
		if s[i] == c {
			return i
		}
	}
	return -1
}
