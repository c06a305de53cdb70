package resilience_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi/resilience"
)

func TestParseTimeout(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"250": 250 * time.Millisecond, "0": 0, "2S": 2 * time.Second, "1H": time.Hour, "3M": 3 * time.Minute, "5m": 5 * time.Millisecond,
		"7u": 7 * time.Microsecond, "9n": 9, "999999999999999999H": math.MaxInt64,
	} {
		got, ok := resilience.ParseTimeout(text)
		require.True(t, ok, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "-1", "+1", "1.5", "S", "1x", " 1", "1 ", "0x1", "1_0", "9999999999999999999"} {
		_, ok := resilience.ParseTimeout(text)
		require.False(t, ok, text)
	}
}

func TestTimeoutRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, 1<<50).Draw(t, "d"))
		got, ok := resilience.ParseTimeout(resilience.FormatTimeout(d))
		require.True(t, ok)
		require.Equal(t, d.Truncate(time.Millisecond), got)
	})
}

func TestTimeLeft(t *testing.T) {
	l := newLab(t, 1)
	_, bound := resilience.TimeLeft(l.ctx)
	require.False(t, bound)
	left, bound := resilience.TimeLeft(bounded{l.ctx, l.Now().Add(time.Minute)})
	require.True(t, bound)
	require.Equal(t, time.Minute, left)
}
