//go:build !race

package http1

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/poll"
)

// TestAllocations: a request on a warm connection allocates nothing.
func TestAllocations(t *testing.T) {
	for _, requests := range []int{1, 16} {
		for _, lend := range []bool{false, true} {
			c, p := cannedConn(t, requests, lend)
			serve := func() {
				p.full = true
				c.Ready(poll.In)
			}
			serve() // warm
			require.Zero(t, testing.AllocsPerRun(1000, serve), "%d requests per read, lent: %v", requests, lend)
		}
	}
}

// TestConnSize: what an idle connection keeps in the heap. With its share of
// the reactor's table of descriptors it stays below 512 bytes.
func TestConnSize(t *testing.T) {
	require.LessOrEqual(t, unsafe.Sizeof(conn{}), uintptr(416))
}
