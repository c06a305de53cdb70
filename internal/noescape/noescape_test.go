package noescape_test

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/noescape"
)

// depths is how many frames of 48 bytes and more a new stack of 2 KiB and its first
// moves are tried at.
const depths = 500

// below calls f under n frames.
//
//go:noinline
func below(n int, f func()) {
	var pad [16]byte
	if n > 0 {
		below(n-1, f)
		_ = pad
		return
	}
	f()
}

// values are hidden in all ways. They are on the stack of whoever has them.
type values struct {
	number [2]int
	bytes  [4]byte
	boxed  [3]int
}

// hide hides the values of v and writes through what it gets.
func hide(n int) (v values) {
	*(*[2]int)(noescape.Pointer(unsafe.Pointer(&v.number))) = [2]int{n, n + 1}
	copy(noescape.Bytes(v.bytes[:]), "abcd")
	v.boxed = noescape.Any([3]int{n, n + 2, n + 3}).([3]int)
	return v
}

// TestStackGrowth hides at every depth of a new stack, so that the stack moves at
// every place where it could: what is written must arrive.
func TestStackGrowth(t *testing.T) {
	for n := range depths {
		hidden := make(chan values)
		go below(n, func() { hidden <- hide(n) })
		want := values{number: [2]int{n, n + 1}, bytes: [4]byte{'a', 'b', 'c', 'd'}, boxed: [3]int{n, n + 2, n + 3}}
		require.Equal(t, want, <-hidden, "depth %d", n)
	}
}

func TestSame(t *testing.T) {
	v := new(int)
	require.Same(t, v, (*int)(noescape.Pointer(unsafe.Pointer(v))))
	require.Nil(t, noescape.Pointer(nil))
	require.Equal(t, []byte("text"), noescape.Bytes([]byte("text")))
	require.Empty(t, noescape.Bytes(nil))
	for _, v := range []any{nil, 7, "text", v, struct{ a, b string }{"a", "b"}, error(nil)} {
		require.Equal(t, v, noescape.Any(v))
	}
}

// see holds functions in variables, so that the compiler cannot see what they do.
var see = struct {
	pointer func(unsafe.Pointer)
	bytes   func([]byte)
	any     func(any)
}{func(unsafe.Pointer) {}, func([]byte) {}, func(any) {}}

// TestStaysOnStack: that is what the package is for.
func TestStaysOnStack(t *testing.T) {
	require.Zero(t, testing.AllocsPerRun(100, func() {
		var v [8]int
		see.pointer(noescape.Pointer(unsafe.Pointer(&v)))
		var b [64]byte
		see.bytes(noescape.Bytes(b[:]))
		see.any(noescape.Any([3]int{v[0], 1, 2}))
	}))
	require.NotZero(t, testing.AllocsPerRun(100, func() {
		var v [8]int
		see.pointer(unsafe.Pointer(&v))
	}), "the test sees allocations")
}
