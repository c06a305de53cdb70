package field

// Reference makes a value for Location (RFC 9110 section 10.2.2): a URI reference in
// which every byte that RFC 3986 does not know is percent-encoded, among them those of
// UTF-8, a percent sign without two digits behind it, and the backslash, which browsers
// take for a slash. Square brackets stand where they are, as browsers and net/http leave
// them, though the RFC has them in hosts only. ok is false when s has control characters: those come of
// a mistake or an attack, and browsers drop some of them.
func Reference(s string) (escaped string, ok bool) {
	const hex = "0123456789ABCDEF"
	fragment, clean := false, 0
	for ; clean < len(s) && keeps(s, clean, &fragment); clean++ {
	}
	if clean == len(s) {
		return s, true
	}
	fragment = false
	out := make([]byte, 0, len(s)+8)
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c == 0x7f:
			return "", false
		case keeps(s, i, &fragment):
			out = append(out, c)
		default:
			out = append(out, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(out), true
}

// keeps tells whether the byte at i may stand in a URI reference. fragment: a number
// sign came before.
func keeps(s string, i int, fragment *bool) bool {
	switch c := s[i]; c {
	case '%':
		return i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2])
	case '#':
		first := !*fragment
		*fragment = true
		return first
	case '"', '<', '>', '\\', '^', '`', '{', '|', '}':
		return false
	default:
		return c > ' ' && c < 0x7f
	}
}
