// Package invariant holds the checks that only the debug build makes.
//
//	invariant.Check(w.list == nil, "async: a watcher is in two lists")
//	invariant.Poison(buf) // its lease is over
//
// Built with `-tags invariants`, [Enabled] is true: broken ownership rules
// panic at once and returned buffers are poisoned, so that a use after the
// lease shows. In the ordinary build every call compiles to nothing.
package invariant
