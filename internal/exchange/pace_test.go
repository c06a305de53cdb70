package exchange

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCredit: waiting uses it up, moving bytes brings it back, and it is never below zero or above the whole.
func TestCredit(t *testing.T) {
	k := NewCredit(10 * time.Second)
	require.Equal(t, 10*time.Second, k.Left())
	k.Earn(1000)
	require.Equal(t, 10*time.Second, k.Left(), "no more than the whole")
	k.Spend(4 * time.Second)
	require.Equal(t, 6*time.Second, k.Left())
	k.Earn(SlowestRate)
	require.InDelta(t, 7*time.Second, k.Left(), float64(time.Microsecond), "what moves at the slowest rate makes up for its time")
	k.Spend(time.Minute)
	require.Zero(t, k.Left())
	k.Earn(1)
	require.Equal(t, PerByte, k.Left())
}
