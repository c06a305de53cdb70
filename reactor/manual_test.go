package reactor

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
)

// manualGroup is a group whose time stands still.
func manualGroup(t *testing.T, cores int) (*Group, *ManualClock) {
	clock := NewManualClock(epoch)
	g, err := Start(Config{Cores: cores, Clock: clock, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, g.Stop(context.Background())) })
	return g, clock
}

func TestTimersFollowTheManualClock(t *testing.T) {
	g, clock := manualGroup(t, 2)
	var order []time.Duration
	note := func(r *Reactor, d time.Duration) {
		on(t, r, func() {
			r.After(d, async.TaskFunc(func() { order = append(order, r.Now().Sub(epoch)) }))
		})
	}
	note(g.Reactor(1), 3*time.Second)
	note(g.Reactor(0), 2*time.Hour)
	note(g.Reactor(0), time.Second)
	clock.Advance(999 * time.Millisecond)
	require.Empty(t, order)
	clock.Advance(time.Hour)
	require.Equal(t, []time.Duration{time.Second, 3 * time.Second}, order, "each at its own time, across reactors")
	clock.Advance(time.Hour)
	require.Equal(t, 2*time.Hour, order[2])
	require.Equal(t, epoch.Add(2*time.Hour+999*time.Millisecond), clock.Now())
}

func TestATimerThatArmsItselfKeepsItsPace(t *testing.T) {
	g, clock := manualGroup(t, 1)
	r := g.Reactor(0)
	beats := 0
	var timer Timer
	timer.Task = async.TaskFunc(func() {
		beats++
		r.Arm(&timer, 15*time.Second)
	})
	on(t, r, func() { r.Arm(&timer, 15*time.Second) })
	clock.Advance(time.Minute)
	require.Equal(t, 4, beats)
}

func TestSleepersWaitForTheManualClock(t *testing.T) {
	g, clock := manualGroup(t, 1)
	ctx := async.WithSite(context.Background(), async.Site{Scheduler: g.Reactor(0)})
	slept := make(chan error)
	go func() {
		_, err := async.Sleep(ctx, 24*time.Hour).Await(ctx)
		slept <- err
	}()
	require.True(t, clock.WaitForTimers(1))
	clock.Advance(24 * time.Hour)
	require.NoError(t, <-slept)
}

func TestManualAfterFunc(t *testing.T) {
	clock := NewManualClock(time.Time{})
	require.WithinDuration(t, time.Now(), clock.Now(), time.Minute, "zero means now")
	fired := make(chan struct{}, 10)
	timer := clock.AfterFunc(time.Minute, func() { fired <- struct{}{} })
	clock.Advance(59 * time.Second)
	require.True(t, timer.Reset(time.Minute), "it was armed")
	clock.Advance(59 * time.Second)
	require.Empty(t, fired)
	clock.Advance(time.Second)
	<-fired
	require.False(t, timer.Stop(), "it has fired")
	timer.Reset(time.Second)
	require.True(t, timer.Stop())
	clock.Advance(time.Hour)
	require.Empty(t, fired)
}

// TestTasksDoNotWaitForTheManualClock: nor do they hold up the loop for ever.
func TestTasksDoNotWaitForTheManualClock(t *testing.T) {
	g, _ := manualGroup(t, 1)
	r := g.Reactor(0)
	var stop atomic.Bool
	var again async.TaskFunc
	again = func() {
		if !stop.Load() {
			r.Schedule(again)
		}
	}
	require.True(t, r.Post(again))
	for range 3 { // posts come through
		on(t, r, func() {})
	}
	stop.Store(true)
}

// A reactor that is blocked cannot tell of its timers: waiting for them ends all
// the same.
func TestWaitForTimersOfABlockedReactor(t *testing.T) {
	g, clock := manualGroup(t, 1)
	r := g.Reactor(0)
	release := make(chan struct{})
	require.True(t, r.Post(async.TaskFunc(func() { <-release })))
	require.False(t, clock.waitForTimers(1, 20*time.Millisecond))
	close(release)
	on(t, r, func() { r.After(time.Hour, async.TaskFunc(func() {})) })
	require.True(t, clock.WaitForTimers(1))
}
