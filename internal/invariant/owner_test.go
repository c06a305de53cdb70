//go:build invariants

package invariant

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// elsewhere tells whether Check panics on another goroutine.
func elsewhere(o *Owner) (panics bool) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { panics = recover() != nil }()
		o.Check("not yours")
	}()
	<-done
	return panics
}

func TestOwner(t *testing.T) {
	var o Owner
	o.Move()
	require.False(t, elsewhere(&o), "nobody's")
	o.Take()
	o.Check("mine")
	require.True(t, elsewhere(&o))
	done := make(chan struct{})
	go func() { o.Move(); close(done) }()
	<-done
	require.PanicsWithValue(t, "invariant broken: not mine", func() { o.Check("not mine") })
	o.Release()
	require.False(t, elsewhere(&o))
}

// TestPoison: nothing of a lease that is over can be read.
func TestPoison(t *testing.T) {
	for n := range 70 {
		b := make([]byte, n)
		Poison(b)
		for i := range b {
			require.Equal(t, byte(poison), b[i], "byte %d of %d", i, n)
		}
	}
}
