package http1

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestDateElsewhere: the Date of what is not sent by the reactor is the current second,
// also around its turn and after a long rest.
func TestDateElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var k core
		for _, rest := range []time.Duration{
			0, 1, 999_999_998 * time.Nanosecond, 1, 1, 400 * time.Millisecond, 400 * time.Millisecond, 400 * time.Millisecond,
			time.Second, time.Hour, 23*time.Hour - 1, 1,
		} {
			time.Sleep(rest) // of the bubble's clock
			want := time.Now().UTC().Format("Date: Mon, 02 Jan 2006 15:04:05 GMT\r\n")
			require.Equal(t, want, string(k.appendDate(nil, false)))
		}
	})
}

func BenchmarkDateElsewhere(b *testing.B) {
	var k core
	var out [64]byte
	for b.Loop() {
		k.appendDate(out[:0], false)
	}
}
