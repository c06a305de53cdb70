package reactor

import (
	"log/slog"
	"runtime"
	"testing"
	"testing/synctest"
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
		untilLabelled(t, g, r, label, caught, func() {
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

// TestTheFirstStallAfterSleep: the piece of work that wakes the watchdog has lasted since then when the
// watchdog comes to look, but for a period at most: a machine may wake it late.
func TestTheFirstStallAfterSleep(t *testing.T) {
	const period = 5 * time.Millisecond
	for name, c := range map[string]struct {
		late  time.Duration
		units int // begun before it looks
		want  time.Duration
	}{
		"woken at once":        {time.Millisecond, 1, time.Millisecond},
		"woken late":           {time.Second, 1, period},
		"another is under way": {time.Second, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			v := newLab(1)
			defer v.Close()
			r, log := v.Reactor, &records{}
			w := &watchdog{reactors: []*Reactor{r}, threshold: 2 * period, log: slog.New(log), kept: &stallLog{}}
			r.markIdle()
			w.look(r, period, v.Now())
			r.watchdog.asleep.Store(true)
			r.watchdog.wake(r)
			by := <-r.watchdog.woken
			require.Same(t, r, by.reactor)
			for range c.units {
				r.begin()
			}
			now := by.at.Add(c.late)
			w.wakeUp(by, now, period)
			require.Equal(t, c.want, r.watch.held)
			w.look(r, period, now.Add(period))
			require.Len(t, log.snapshot(), map[bool]int{true: 1}[c.want == period])
		})
	}
}

// TestOneLookAfterALongSleep: what wakes a process that does nothing once in a while is looked at, and then the
// watchdog sleeps again; under a load with short gaps it stays awake.
func TestOneLookAfterALongSleep(t *testing.T) {
	const period = 5 * time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		v := newLab(1)
		defer v.Close()
		r := v.Reactor
		w := &watchdog{reactors: []*Reactor{r}, threshold: 2 * period, log: quiet, sleeper: r.watchdog, kept: &stallLog{}}
		r.markIdle()
		r.parked.Store(true)
		end := make(chan struct{})
		defer close(end)
		go w.run(end)
		work := func() (awake time.Duration) { // a piece of work that wakes the watchdog, and how long that is awake
			begun := time.Now()
			r.watchdog.wake(r)
			r.begin()
			r.markIdle()
			for synctest.Wait(); !r.watchdog.asleep.Load(); synctest.Wait() {
				time.Sleep(period / 5)
			}
			return time.Since(begun)
		}
		work()
		for _, c := range []struct{ gap, want time.Duration }{
			{longSleep / 2, looksBeforeSleep * period},
			{longSleep, period},
			{10 * longSleep, period},
			{0, looksBeforeSleep * period},
		} {
			time.Sleep(c.gap)
			awake := work()
			require.GreaterOrEqual(t, awake, c.want, c.gap)
			require.LessOrEqual(t, awake, c.want+period, c.gap)
		}
	})
}
