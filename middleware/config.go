package middleware

import "strings"

// mustBe panics with a message about a configuration unless ok holds: a mistake
// of the programmer, found when the service starts.
func mustBe(ok bool, what string) {
	if !ok {
		panic("middleware: " + what)
	}
}

// isToken tells whether s is a token of RFC 9110 section 5.6.2.
func isToken(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		if !isTokenByte(s[i]) {
			return false
		}
	}
	return true
}

func isTokenByte(b byte) bool {
	switch {
	case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		return true
	}
	return strings.IndexByte("!#$%&'*+-.^_`|~", b) >= 0
}

// joined is list as the value of a header field.
func joined(list []string) string { return strings.Join(list, ", ") }
