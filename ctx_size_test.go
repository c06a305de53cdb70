package fasterapi

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// What is made anew for each request is small: the handle, and what only a request
// needs that is waited for.
func TestSizes(t *testing.T) {
	require.LessOrEqual(t, unsafe.Sizeof(Ctx{}), uintptr(48))
	require.LessOrEqual(t, unsafe.Sizeof(life{}), uintptr(64))
}
