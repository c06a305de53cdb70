package async

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBackoffPauses(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		pauses Backoff
		want   []time.Duration
	}{
		"zero":             {Backoff{}, []time.Duration{50 * ms, 100 * ms, 200 * ms}},
		"bounded":          {Backoff{First: 10 * ms, Last: 25 * ms}, []time.Duration{10 * ms, 20 * ms, 25 * ms, 25 * ms}},
		"factor":           {Backoff{First: 10 * ms, Factor: 3}, []time.Duration{10 * ms, 30 * ms, 90 * ms}},
		"never shorter":    {Backoff{First: 10 * ms, Factor: 0.5}, []time.Duration{10 * ms, 10 * ms}},
		"first above last": {Backoff{First: time.Hour, Last: 5 * ms}, []time.Duration{5 * ms}},
		"none":             {Backoff{First: -1}, []time.Duration{0, 0}},
	} {
		for before, want := range c.want {
			require.Equal(t, want, c.pauses.Pause(before), "%s, %d", name, before)
		}
	}
	require.Equal(t, 10*time.Second, Backoff{}.Pause(1<<40), "a number of failures that overflows nothing")
}

func TestBackoffJitter(t *testing.T) {
	least, most := time.Hour, time.Duration(0)
	for range 200 {
		d := Backoff{First: time.Second, Jitter: 0.5}.Pause(1)
		least, most = min(least, d), max(most, d)
	}
	require.GreaterOrEqual(t, least, time.Second)
	require.LessOrEqual(t, most, 2*time.Second)
	require.Greater(t, most-least, time.Second/2, "200 pauses use more than half of the range")
	require.LessOrEqual(t, Backoff{Jitter: 7}.Pause(0), 50*time.Millisecond)
	require.Equal(t, 50*time.Millisecond, Backoff{Jitter: -1}.Pause(0))
}
