//go:build !unix

package poll

// Dup is not supported here.
func Dup(int) (int, error) { return -1, ErrUnsupported }

// CloseFD is not supported here.
func CloseFD(int) {}
