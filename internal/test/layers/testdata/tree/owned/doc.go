// Package owned has structs with and without an owner.
package owned

// good says it.
//
// Owner: reactor.
type good struct{ n int }

// alsoGood says more.
// Owner: any (atomic).
type alsoGood struct{ n int }

// two has a paragraph of owners.
//
// Owner: reactor. n: whoever
// wants it.
type two struct{ n int }

// empty holds nothing.
type empty struct{}

// late says it, but not last.
//
// Owner: mu.
//
// And then goes on.
type late struct{ n int }

// unfinished lacks the full stop.
//
// Owner: mu
type unfinished struct{ n int }

type silent struct{ n int }

type (
	// grouped says it.
	//
	// Owner: mu.
	grouped struct{ n int }

	quiet struct{ n int }
)
