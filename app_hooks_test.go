package fasterapi

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestOvertime: stop hooks share what goes beyond the time of a shutdown, so that
// any number of them that hang cannot hold up its end.
func TestOvertime(t *testing.T) {
	const ms = time.Millisecond
	over := overtime(stopGrace)
	for _, step := range []struct{ wanted, left, used, allowed time.Duration }{
		{10 * time.Second, 30 * time.Second, 5 * time.Second, 10 * time.Second},
		{10 * time.Second, 2 * time.Second, 2200 * ms, 3 * time.Second},
		{10 * time.Second, 0, 300 * ms, 800 * ms},
		{50 * ms, 0, 50 * ms, 50 * ms},
		{10 * time.Second, 0, 450 * ms, 450 * ms},
		{10 * time.Second, 0, 100 * ms, 100 * ms},
		{10 * time.Second, 0, 100 * ms, 100 * ms},
		{10 * time.Second, time.Second, 200 * ms, 800 * ms},
	} {
		require.Equal(t, step.allowed, over.allow(step.wanted, step.left), "%v", step)
		over.use(step.used, step.left)
	}
}
