package codec

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"unicode/utf8"
)

// errUTF8 is what a string that is not UTF-8 fails with, like encoding/json/v2.
var errUTF8 = errors.New("invalid UTF-8")

// Strings are scanned eight bytes at a time. A byte needs attention when it
// is below 0x20, a quote, a backslash, or not ASCII.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special returns a mask whose lowest set bit marks the first byte of w that
// must be escaped. Bytes that are not ASCII never set a bit below the first
// true one. Higher bits may be wrong: only the lowest counts. (Hacker's
// Delight, 6-1: borrows only travel upwards.)
func special(w uint64) uint64 {
	control := w - ones*0x20
	quote := (w ^ ones*'"') - ones
	slash := (w ^ ones*'\\') - ones
	return (control | quote | slash) & ^w & highs
}

// clean returns how many bytes at the start of s need no escape, and whether
// they are all ASCII.
func clean(s []byte) (n int, ascii bool) {
	var seen uint64
	for n+8 <= len(s) {
		w := binary.LittleEndian.Uint64(s[n:])
		if m := special(w); m != 0 {
			at := bits.TrailingZeros64(m) &^ 7
			seen |= w & (1<<at - 1)
			return n + at/8, seen&highs == 0
		}
		seen |= w
		n += 8
	}
	ascii = seen&highs == 0
	for n < len(s) {
		c := s[n]
		if c < 0x20 || c == '"' || c == '\\' {
			return n, ascii
		}
		ascii = ascii && c < utf8.RuneSelf
		n++
	}
	return n, ascii
}

// appendString appends s as a JSON string in the shortest form (RFC 8785,
// section 3.2.2.2). It fails when s is not UTF-8.
func appendString(dst []byte, s string) ([]byte, error) {
	b := bytesOf(s)
	n, ascii := clean(b)
	dst = append(dst, '"')
	dst = append(dst, b[:n]...)
	if n < len(b) {
		return appendEscaped(dst, b, n)
	}
	if !ascii && !utf8.Valid(b) {
		return dst, errUTF8
	}
	return append(dst, '"'), nil
}

// appendEscaped appends b[n:], whose first byte needs an escape, and the
// closing quote.
func appendEscaped(dst, b []byte, n int) ([]byte, error) {
	if !utf8.Valid(b) {
		return dst, errUTF8
	}
	for n < len(b) {
		dst = appendEscape(dst, b[n])
		n++
		m, _ := clean(b[n:])
		dst = append(dst, b[n:n+m]...)
		n += m
	}
	return append(dst, '"'), nil
}

func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
