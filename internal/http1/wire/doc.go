// Package wire is the codec of HTTP/1.1 (RFC 9112): bytes in, values out, and
// values in, bytes out. It does no I/O, starts no goroutine and reads no clock.
package wire
