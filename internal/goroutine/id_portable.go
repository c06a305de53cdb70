//go:build !amd64 && !arm64

package goroutine

// ID returns the identity of the calling goroutine: a number that no other
// goroutine has while this one lives, never 0.
func ID() uintptr { return uintptr(Number()) }
