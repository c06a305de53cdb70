package fasterapi

import "unsafe"

// All use of unsafe in this package is in this file.

// bytesOf are the bytes of s where they lie. They must not be changed.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
