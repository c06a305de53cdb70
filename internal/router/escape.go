package router

import (
	"bytes"
	"errors"
)

// ErrEscape is returned for a percent sign that two hexadecimal digits do not follow.
var ErrEscape = errors.New("router: invalid percent escape")

// AppendDecoded appends src to dst with its percent escapes decoded (RFC 3986
// section 2.1). A plus sign stays a plus sign. On ErrEscape dst is returned as it
// was given.
func AppendDecoded(dst, src []byte) ([]byte, error) {
	start := len(dst)
	for {
		i := bytes.IndexByte(src, '%')
		if i < 0 {
			return append(dst, src...), nil
		}
		if !validEscape(src, i) {
			return dst[:start], ErrEscape
		}
		dst = append(dst, src[:i]...)
		dst = append(dst, unhex[src[i+1]]<<4|unhex[src[i+2]])
		src = src[i+3:]
	}
}

// validEscapes reports whether every percent sign of path begins a valid escape.
func validEscapes(path []byte) bool {
	for i := 0; i < len(path); i++ {
		if path[i] != '%' {
			continue
		}
		if !validEscape(path, i) {
			return false
		}
		i += 2
	}
	return true
}

func validEscape(b []byte, i int) bool {
	return i+2 < len(b) && unhex[b[i+1]] != notHex && unhex[b[i+2]] != notHex
}

const notHex = 0xFF

// unhex maps a hexadecimal digit to its value and all else to notHex.
var unhex = func() (t [256]byte) {
	for i := range t {
		t[i] = notHex
	}
	for i := byte(0); i < 10; i++ {
		t['0'+i] = i
	}
	for i := byte(0); i < 6; i++ {
		t['a'+i], t['A'+i] = 10+i, 10+i
	}
	return t
}()

// equalDecoded reports whether seg, once decoded, is text. The escapes of seg are valid.
func equalDecoded(seg []byte, text string) bool {
	for ; len(seg) > 0 && text != ""; text = text[1:] {
		c := seg[0]
		if c == '%' {
			c = unhex[seg[1]]<<4 | unhex[seg[2]]
			seg = seg[2:]
		}
		if c != text[0] {
			return false
		}
		seg = seg[1:]
	}
	return len(seg) == 0 && text == ""
}
