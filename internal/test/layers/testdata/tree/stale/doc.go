// Package stale exports 2 names.
package stale

// A and the others are the names.
const (
	A = 1
	B = 1
)

func less() {}
