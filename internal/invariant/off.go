//go:build !invariants

package invariant

// Enabled tells whether this is the debug build.
const Enabled = false
