// Package failure decides what of an error a client gets to know: by the functions that an
// app maps errors with, and by what the error says itself.
//
//	table := failure.NewTable(ofTheGroup, ofTheApp)
//	result, site, err := table.Map(c, err, nil) // nil: no function has taken it
//	public, ok := failure.PublicOf(err)
//
// # Which function is asked
//
// A [Mapper] is for one type, as errors.As finds it. The scopes are asked from the
// innermost on. In each, functions for types come first, and of several that fit the one
// whose error is further out in the chain; then those for interfaces, an interface before
// those that it implements; then those for error itself. A function that returns nil, or a
// nil pointer, has not taken the error: the next one is asked.
//
// An error that is a [problem.Problem], or wraps one, is answered already: what the problem
// wraps is its cause, which nobody is asked about, and functions for error are not asked at
// all. One for *problem.Problem is.
//
// # Who owns what
//
// A Table is immutable: any goroutine uses it. Functions run on the goroutine of Map.
//
// # What it costs
//
// One walk over the chain of the error for each scope that has functions. A nil Table
// costs nothing.
//
// # What it refuses
//
// Two functions for the same type in one scope, and functions that are nil: NewTable
// reports both. A function that panics is contained by the caller.
package failure
