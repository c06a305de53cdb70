// Package metric counts and measures on a hot path that has one owner, and
// lets anybody read the result.
//
// Writing belongs to one goroutine at a time (a reactor) and is a load and a
// store, 1-6 ns, never a contended read-modify-write; reading is safe from
// any goroutine at any time and may be a moment behind. What many goroutines
// write has [Shared].
//
// It checks nothing, has no registry, no labels and no exposition format: those
// belong to the reader.
package metric
