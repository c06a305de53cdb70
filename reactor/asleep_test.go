package reactor

import (
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
)

// TestTheWatchdogSleepsWhileAllReactorsDo: and sees the stall of whichever goes on.
func TestTheWatchdogSleepsWhileAllReactorsDo(t *testing.T) {
	g := start(t, Config{Cores: 2, StallThreshold: 5 * time.Millisecond, Logger: slog.New(&records{})})
	for n := range 6 {
		for !g.Reactor(0).watchdog.asleep.Load() {
			runtime.Gosched()
		}
		caught := make(chan time.Duration, 1)
		label := &Label{Name: "slow", OnStall: func(d time.Duration) { caught <- d }}
		r := g.Reactor(n % 2)
		var held time.Duration
		on(t, r, func() {
			r.SetLabel(label)
			held = <-caught
		})
		require.GreaterOrEqual(t, held, 5*time.Millisecond)
		require.EqualValues(t, 1, label.Stalls())
	}
}

// TestTheWatchdogStaysAwakeBesideWork: one reactor that works is enough.
func TestTheWatchdogStaysAwakeBesideWork(t *testing.T) {
	g := start(t, Config{Cores: 2, StallThreshold: 2 * time.Millisecond, Logger: quiet})
	held, looks := make(chan struct{}), make(chan time.Duration, 64)
	r := g.Reactor(1)
	defer r.WhileStuck(func(held time.Duration) {
		select {
		case looks <- held:
		default:
		}
	})()
	require.True(t, r.Post(async.TaskFunc(func() { <-held })))
	for range 20 {
		require.NotZero(t, wait(t, looks))
		require.False(t, r.watchdog.asleep.Load())
	}
	close(held)
}
