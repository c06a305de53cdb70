// Package shown tells how it works first.
//
// # How it works
//
//	It works.
//
// # The files
//
//	first.go  is not there
//	more*.go  are there
//	also.go   is there
package shown

func Said() {}

type Thing struct{}

func (Thing) Do() {}

type hidden struct{}

func (hidden) Do() {}

const (
	First  = 1
	Second = 2 // is said
)

// Group has a comment for all.
var (
	A = 1
	B = 2
)
