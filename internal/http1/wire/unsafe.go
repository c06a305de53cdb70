package wire

import "unsafe"

// viewBytes returns the bytes of s without a copy. They must not be written to,
// and are leased for as long as s is held.
func viewBytes(s string) []byte {
	return unsafe.Slice(unsafe.StringData(s), len(s))
}
