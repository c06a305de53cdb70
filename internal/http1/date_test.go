package http1

import (
	"strconv"
	"sync"
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

// TestElsewhere: whatever goroutines have sent before, and at the same time, a response begins with its own status and
// type and the present second.
func TestElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := core{server: &Server{serverLine: []byte("Server: test\r\n")}}
		for round := range 30 {
			var all sync.WaitGroup
			for i := range 3 * maxKinds {
				all.Go(func() {
					status, kind := 200+i%5, "text/"+strconv.Itoa(i%(maxKinds+3))
					if i%7 == 0 {
						kind = ""
					}
					want := appendOpening(nil, &k, status, kind, false)
					require.Equal(t, "> "+string(want), string(k.elsewhere.append([]byte("> "), &k, status, kind)))
					require.Contains(t, string(want), time.Now().UTC().Format("\r\nDate: Mon, 02 Jan 2006 15:04:05 GMT\r\nServer: test\r\n"))
				})
			}
			all.Wait()
			require.LessOrEqual(t, k.elsewhere.present().kinds, maxKinds)
			time.Sleep(time.Duration(round) * 77 * time.Millisecond)
		}
	})
}

func BenchmarkElsewhere(b *testing.B) {
	k := core{server: &Server{}}
	var out [256]byte
	for b.Loop() {
		k.elsewhere.append(out[:0], &k, 200, "text/plain; charset=utf-8")
	}
}

func BenchmarkDateElsewhere(b *testing.B) {
	var k core
	var out [64]byte
	for b.Loop() {
		k.appendDate(out[:0], false)
	}
}
