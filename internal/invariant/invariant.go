package invariant

// poison fills returned buffers: 0xDB is not ASCII, not valid UTF-8 on its
// own, and easy to see in a dump.
const poison = 0xDB

// Check panics with message when ok is false, in the debug build only.
func Check(ok bool, message string) {
	if Enabled && !ok {
		panic("invariant broken: " + message)
	}
}

// Poison overwrites b, in the debug build only. Call it when a lease ends.
func Poison(b []byte) {
	if Enabled && len(b) > 0 {
		b[0] = poison
		for n := 1; n < len(b); n *= 2 { // by copies: the race detector looks at each of them once, and not at each byte
			copy(b[n:], b[:n])
		}
	}
}
