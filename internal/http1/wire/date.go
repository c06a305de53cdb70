package wire

import "time"

// Date is a cached Date field line (RFC 9110 6.6.1), rendered once a second.
// The zero value is ready.
//
// Owner: reactor.
type Date struct {
	second int64 // Unix time of line; meaningful when filled
	filled bool
	line   [37]byte // "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
}

// Append appends the Date field line of now. Going back in time is allowed.
func (d *Date) Append(dst []byte, now time.Time) []byte {
	if second := now.Unix(); second != d.second || !d.filled {
		d.second, d.filled = second, true
		now.UTC().AppendFormat(d.line[:0], "Date: Mon, 02 Jan 2006 15:04:05 GMT\r\n")
	}
	return append(dst, d.line[:]...)
}
