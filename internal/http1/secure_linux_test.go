package http1

import (
	"crypto/tls"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/test/sealed"
)

// BenchmarkHandshake measures what a full handshake takes of its reactor: the processor time of the turns between the
// client's first byte and the end of the handshake, which runs on a goroutine. A turn that is much longer than the others
// has met the garbage collector or another thread's interrupt.
func BenchmarkHandshake(b *testing.B) {
	for name, version := range map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13} {
		b.Run(name, func(b *testing.B) {
			l := newLab(b, 1, Config{TLS: secured(b)}, &site{})
			l.core.spawn = func(task async.Task) { go task.Run() }
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			var all []time.Duration
			for b.Loop() {
				peer := &sealed.Peer{Peer: l.v.Net.Dial(l.fd)}
				done := make(chan error, 1)
				go func() { done <- peer.Handshake(version) }()
				for over := false; !over; {
					before := threadTime(b)
					l.v.RunUntilIdle()
					took := threadTime(b) - before
					all = append(all, took)
					select {
					case err := <-done:
						require.NoError(b, err)
						over = true
					default:
						runtime.Gosched()
					}
				}
				peer.Close()
				l.v.RunUntilIdle()
			}
			slices.Sort(all)
			over, _ := slices.BinarySearch(all, 200*time.Microsecond)
			b.ReportMetric(float64(all[len(all)*999/1000])/1e3, "us-p99.9-turn")
			b.ReportMetric(float64(all[len(all)-1])/1e3, "us-longest-turn")
			b.ReportMetric(float64(len(all)-over), "turns>0.2ms")
			b.ReportMetric(float64(len(all))/float64(b.N), "turns/op")
		})
	}
}

// threadTime is the processor time of the calling thread.
func threadTime(b *testing.B) time.Duration {
	var now unix.Timespec
	require.NoError(b, unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now))
	return time.Duration(now.Nano())
}
