package db

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestPause: transactions that lost against others try again later and later, at
// random, and not for ever.
func TestPause(t *testing.T) {
	for attempt := range 12 {
		most := 2 * time.Millisecond << min(attempt, 7)
		seen := map[time.Duration]bool{}
		for range 50 {
			d := pause(attempt)
			require.LessOrEqual(t, d, most)
			require.GreaterOrEqual(t, d, most/2)
			seen[d] = true
		}
		require.Greater(t, len(seen), 10)
	}
	lost := &Error{Kind: Serialization}
	require.True(t, TxOptions{}.again(2, lost))
	require.False(t, TxOptions{}.again(3, lost), "three times by default")
	require.False(t, TxOptions{Retries: -1}.again(0, lost))
	require.True(t, TxOptions{Retries: 1}.again(0, &Error{Kind: Deadlock}))
	require.False(t, TxOptions{Retries: 9}.again(0, &Error{Kind: UniqueViolation}))
	require.False(t, TxOptions{Retries: 9}.again(0, ErrPoolExhausted))
}
