// Package goroutine tells goroutines apart.
//
//	owner := goroutine.ID() // on the goroutine that owns something
//	...
//	if goroutine.ID() == owner { // the caller is that goroutine
//
// Go hides the identity of a goroutine so that nobody hangs data on it. It is
// used here for the opposite: to find out that code runs on another goroutine
// than the one whose state it would touch. A reactor has to know, because a
// context can be taken to any goroutine.
//
// # Cost
//
// 1 ns on amd64 and arm64, which read the register or thread variable that the
// runtime keeps the current goroutine in; about 1 us elsewhere.
//
// # What it refuses
//
// An identity says nothing after its goroutine has ended: a later one may get the
// same. Compare it only with that of a goroutine that is known to live.
package goroutine
