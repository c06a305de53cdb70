// Package crowd exports 4 names.
package crowd

// A and the others are the names.
const (
	A = 1
	B = 1
	C = 1
	D = 1
)

func less() {}
