// Package inject decides which provider gives a value to which field.
//
// A [Graph] is made once, when an app starts, from all that was provided. It
// finds every mistake at once: needs that nothing or more than one provider
// meets, cycles, and values that would outlive what they are made of. After
// that it answers two questions: which provider meets a need ([Graph.Find]),
// and in which order the providers of a request run ([Graph.Order]).
//
// The package knows types and places in source files, nothing of requests or
// of how values are made. It runs at start-up only; a Graph is immutable and
// any goroutine may read it.
package inject
