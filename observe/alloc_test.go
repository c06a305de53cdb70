//go:build !race && !invariants

package observe

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A request of a kind that was there before allocates nothing.
func TestAllocations(t *testing.T) {
	cfg, err := Config{}.Resolve()
	require.NoError(t, err)
	r := New(cfg, 1, []string{"", "/"}, nil)
	method := []byte("GET")
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		e := Ended{Route: 1, Status: 200, Began: r.Begin(0, 1), BytesOut: 13, RequestID: "x"}
		r.End(&e, method, func() Detail { return Detail{} })
	}))
}
