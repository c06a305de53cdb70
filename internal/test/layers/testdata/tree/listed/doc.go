// Package listed exports 5 names.
package listed

// A and the others are the names.
const (
	A = 1
	B = 1
	C = 1
	D = 1
	E = 1
)

func less() {}
