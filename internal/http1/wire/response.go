package wire

import "strconv"

// ValidHeader reports whether a field line may be made of name and value: name
// is a token and value has no control character other than HTAB, so that
// neither can end the line and start another (response splitting).
func ValidHeader(name, value string) bool {
	n, v := viewBytes(name), viewBytes(value)
	return len(n) > 0 && scanToken(n, 0) == len(n) && scanText(v, 0) == len(v)
}

// AppendHeader appends "name: value CRLF" to dst. It returns dst as it was and
// false when the pair is not valid ([ValidHeader]).
func AppendHeader(dst []byte, name, value string) ([]byte, bool) {
	if !ValidHeader(name, value) {
		return dst, false
	}
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...), true
}

// AppendContentLength appends a Content-Length field line of n bytes, n >= 0.
func AppendContentLength(dst []byte, n int64) []byte {
	dst = append(dst, "Content-Length: "...)
	if 0 <= n && n < 10 {
		return append(dst, byte('0'+n), '\r', '\n')
	}
	return append(strconv.AppendInt(dst, max(n, 0), 10), "\r\n"...)
}

// AppendEnd appends the empty line that ends a head.
func AppendEnd(dst []byte) []byte { return append(dst, "\r\n"...) }

// AppendChunkSize appends the size line of a chunk of n bytes, n > 0. The data
// and then CRLF must follow it. For n <= 0 it appends nothing: a size of 0 would
// end the body.
func AppendChunkSize(dst []byte, n int) []byte {
	if n <= 0 {
		return dst
	}
	return append(strconv.AppendUint(dst, uint64(n), 16), "\r\n"...)
}

// AppendChunk appends data as one chunk, nothing when data is empty.
func AppendChunk(dst, data []byte) []byte {
	if len(data) == 0 {
		return dst
	}
	dst = AppendChunkSize(dst, len(data))
	dst = append(dst, data...)
	return append(dst, "\r\n"...)
}

// AppendLastChunk appends the end of a chunked body: the chunk of size 0, the
// trailers and the empty line. It leaves out trailers that are not valid field
// lines, and those that a client would drop or refuse (RFC 9110 6.5.1), and
// returns how many.
func AppendLastChunk(dst []byte, trailers []Header) (out []byte, leftOut int) {
	dst = append(dst, "0\r\n"...)
	for _, t := range trailers {
		if len(t.Name) == 0 || scanToken(t.Name, 0) < len(t.Name) || scanText(t.Value, 0) < len(t.Value) ||
			trailerRule(t.Name) != keepTrailer {
			leftOut++
			continue
		}
		dst = append(dst, t.Name...)
		dst = append(dst, ": "...)
		dst = append(dst, t.Value...)
		dst = append(dst, "\r\n"...)
	}
	return append(dst, "\r\n"...), leftOut
}
