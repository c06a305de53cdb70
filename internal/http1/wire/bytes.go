package wire

import (
	"encoding/binary"
	"math/bits"

	"github.com/fasterapi/fasterapi/internal/field"
)

// Classes of bytes, one bit each, so that one load answers every question.
const (
	isToken  uint8 = 1 << iota // tchar, RFC 9110 5.6.2
	isTarget                   // may stand in a request target: all but controls, space, DEL and '#'
	isQuery                    // '?'
	isEscape                   // '%'
	isHost                     // unreserved and sub-delims, RFC 3986 3.2.2: a reg-name without escapes
	isHex                      // HEXDIG, both cases
	isDigit                    // DIGIT
)

// class tells the classes of each byte. Never written after start.
var class = func() (t [256]uint8) {
	set := func(bytes string, bit uint8) {
		for i := range len(bytes) {
			t[bytes[i]] |= bit
		}
	}
	const alnum = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	set(alnum+"-._~!$&'()*+,;=", isHost)
	set("0123456789abcdefABCDEF", isHex)
	set("0123456789", isDigit)
	set("?", isQuery)
	set("%", isEscape)
	for c := range 256 {
		if c > ' ' && c != 0x7f && c != '#' {
			t[c] |= isTarget
		}
		if field.IsTokenByte(byte(c)) {
			t[c] |= isToken
		}
	}
	return t
}()

// scanToken returns the index of the first byte of b at or after i that is not
// a token character, len(b) if there is none.
func scanToken(b []byte, i int) int {
	for i < len(b) && class[b[i]]&isToken != 0 {
		i++
	}
	return i
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// scanText returns the index of the first byte of b at or after i that may not
// stand in a field value: a control character other than HTAB (RFC 9110 5.5),
// len(b) if there is none. It looks at eight bytes at a time.
func scanText(b []byte, i int) int {
	for len(b)-i >= 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		// Subtracting sets the high bit of a byte below 0x20, adding that of 0x7f.
		// Borrows and carries can set it in other bytes too, never clear it: the
		// lowest hit is looked at once more.
		hit := ((w - ' '*ones) | (w + ones)) &^ w & highs
		if hit == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(hit) >> 3
		if !isText(b[i]) {
			return i
		}
		i++
	}
	for i < len(b) && isText(b[i]) {
		i++
	}
	return i
}

// isText reports whether c may stand in a field value.
func isText(c byte) bool { return c >= ' ' && c != 0x7f || c == '\t' }

// trimmed returns the bounds of b[from:to] without the optional white space (SP
// and HTAB, RFC 9110 5.6.3) at both ends.
func trimmed(b []byte, from, to int) (int, int) {
	for from < to && (b[from] == ' ' || b[from] == '\t') {
		from++
	}
	for from < to && (b[to-1] == ' ' || b[to-1] == '\t') {
		to--
	}
	return from, to
}

// lower returns the lower-case form of an ASCII letter, any other byte as it is.
func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// isName reports whether name, a token as long as want, is want. want is in
// lower case and consists of letters and '-': of all token characters only a
// letter has a lower-case letter's bits with 0x20 set, so the test is exact.
func isName(name []byte, want string) bool {
	for i := range len(want) {
		if name[i]|0x20 != want[i] {
			return false
		}
	}
	return true
}
