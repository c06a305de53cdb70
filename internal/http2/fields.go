package http2

import (
	"strconv"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
)

// Responses are encoded without the dynamic table of HPACK (RFC 7541 2.3.2), as nginx does
// it: fields of the static table cost a byte or their value, and what is encoded depends on
// nothing but the response, so that any goroutine may do it, and an opening is encoded once
// a second.

// staticNames are the indexes of names in the static table (RFC 7541 appendix A) that
// responses have.
var staticNames = map[string]byte{
	"accept-ranges": 18, "access-control-allow-origin": 20, "age": 21, "allow": 22, "cache-control": 24,
	"content-disposition": 25, "content-encoding": 26, "content-language": 27, "content-length": 28,
	"content-location": 29, "content-range": 30, "content-type": 31, "date": 33, "etag": 34, "expires": 36,
	"last-modified": 44, "link": 45, "location": 46, "proxy-authenticate": 48, "refresh": 52, "retry-after": 53,
	"server": 54, "set-cookie": 55, "strict-transport-security": 56, "vary": 59, "www-authenticate": 61,
}

// Indexes of whole fields and of names in the static table.
const (
	indexStatus        = 8
	indexContentLength = 28
	indexContentType   = 31
	indexDate          = 33
	indexServer        = 54
)

// indexOfStatus is where the static table has the whole field; 0: nowhere.
func indexOfStatus(status int) byte {
	switch status {
	case 200:
		return 8
	case 204:
		return 9
	case 206:
		return 10
	case 304:
		return 11
	case 400:
		return 12
	case 404:
		return 13
	case 500:
		return 14
	}
	return 0
}

// appendStatus appends the field :status.
func appendStatus(b []byte, status int) []byte {
	if index := indexOfStatus(status); index != 0 {
		return append(b, 0x80|index)
	}
	return append(b, indexStatus, 3, byte('0'+status/100), byte('0'+status/10%10), byte('0'+status%10))
}

// appendNamed appends a field whose name has an index, and which nobody is to keep in a
// table.
func appendNamed(b []byte, index byte, value string) []byte {
	b = appendInt(b, 0x00, 4, int(index))
	return appendText(b, value)
}

func appendLength(b []byte, n int64) []byte {
	var digits [20]byte
	text := strconv.AppendInt(digits[:0], n, 10)
	b = appendInt(b, 0x00, 4, indexContentLength)
	b = appendInt(b, 0x00, 7, len(text))
	return append(b, text...)
}

// neverIndexed marks values that no proxy may keep in a table either (RFC 7541 6.2.3).
const neverIndexed = 0x10

// appendField appends a field of a response; one that is not valid is left out, as package
// wire does it.
func appendField(b []byte, f exchange.Field) []byte {
	if !wire.ValidHeader(f.Name, f.Value) {
		return b
	}
	var room [64]byte
	name := appendLower(room[:0], f.Name)
	switch string(name) {
	case "upgrade": // of HTTP/1.1 only (RFC 9113 8.2.2)
		return b
	case "set-cookie":
		b = appendInt(b, neverIndexed, 4, int(staticNames["set-cookie"]))
		return appendText(b, f.Value)
	}
	if index, ok := staticNames[string(name)]; ok {
		return appendNamed(b, index, f.Value)
	}
	b = append(b, 0)
	b = appendInt(b, 0x00, 7, len(name))
	b = append(b, name...)
	return appendText(b, f.Value)
}

// appendText appends a string literal without Huffman coding (RFC 7541 5.2), which costs more
// than the bytes it saves.
func appendText(b []byte, s string) []byte {
	return append(appendInt(b, 0x00, 7, len(s)), s...)
}

// appendInt appends an integer with a prefix of so many bits (RFC 7541 5.1).
func appendInt(b []byte, high byte, bits uint, n int) []byte {
	most := 1<<bits - 1
	if n < most {
		return append(b, high|byte(n))
	}
	b = append(b, high|byte(most))
	for n -= most; n >= 128; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

// appendLower appends s in lower case (RFC 9113 8.2).
func appendLower(b []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	return b
}
