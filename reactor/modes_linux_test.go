package reactor

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/poll"
)

// Everything that a reactor does, on a goroutine and on a pinned thread.
func TestBothModes(t *testing.T) {
	for name, pin := range map[string]bool{"goroutine": false, "pinned": true} {
		t.Run(name, func(t *testing.T) {
			g := start(t, Config{Cores: 2, Pin: pin})
			for core := range 2 {
				r := g.Reactor(core)
				fired := make(chan struct{})
				on(t, r, func() { r.After(3*time.Millisecond, async.TaskFunc(func() { close(fired) })) })
				wait(t, fired)

				pair := socketPair(t)
				events := make(collector, 10)
				on(t, r, func() { require.NoError(t, r.Register(pair[0], events)) })
				wait(t, events)
				pair.write(t, "x")
				wait(t, events)
				on(t, r, func() { r.Deregister(pair[0]) })

				answered := make(chan struct{})
				on(t, r, func() {
					r.Worker(async.TaskFunc(func() {
						r.Post(async.TaskFunc(func() { close(answered) }))
					}))
				})
				wait(t, answered)

				var co *Coroutine
				on(t, r, func() { co = r.Coroutine(&job{run: func(co *Coroutine) { co.Suspend() }}) })
				on(t, r, func() { co.Run() })
				v, err := g.SubmitTo(context.Background(), core, func() (int, error) { return core, nil }).
					Await(context.Background())
				require.NoError(t, err)
				require.Equal(t, core, v)
			}
		})
	}
}

// Where there is no poller, all but descriptors works.
func TestWithoutPoller(t *testing.T) {
	cfg, err := Config{Cores: 1, Logger: quiet}.resolve()
	require.NoError(t, err)
	r := newReactor(0, cfg, poll.NewBlank(), newRealClock())
	go r.run()
	fired := make(chan struct{})
	on(t, r, func() {
		require.ErrorIs(t, r.Register(0, make(collector)), poll.ErrUnsupported)
		r.After(time.Millisecond, async.TaskFunc(func() { close(fired) }))
	})
	wait(t, fired)
	work(t, r, func() {})
	r.stop(draining)
	wait(t, r.done)
}

func TestStatsAddUp(t *testing.T) {
	g := start(t, Config{Cores: 1})
	r := g.Reactor(0)
	before := counted(t, r)
	const n = 500
	pair := socketPair(t)
	done := make(chan struct{})
	on(t, r, func() {
		require.NoError(t, r.Register(pair[0], readyFunc(func() {})))
		for range n {
			r.Schedule(async.TaskFunc(func() {}))
			r.After(time.Millisecond, async.TaskFunc(func() {}))
			r.Worker(async.TaskFunc(func() {}))
		}
		r.After(time.Hour, async.TaskFunc(func() {}))
		r.After(5*time.Millisecond, async.TaskFunc(func() { close(done) }))
	})
	wait(t, done)
	for r.workers.busy.Load() > 0 {
		on(t, r, func() {})
	}
	after := counted(t, r)
	require.GreaterOrEqual(t, after.Tasks-before.Tasks, int64(n))
	require.EqualValues(t, after.Tasks-before.Tasks-n, after.Posts-before.Posts, "all others were posted")
	require.EqualValues(t, n+1, after.Timers)
	require.EqualValues(t, n, after.Jobs)
	require.EqualValues(t, 1, after.Events)
	require.EqualValues(t, 1, after.Registered)
	require.EqualValues(t, 1, after.Armed-before.Armed-armedReaper(r))
	require.Zero(t, after.Pending)
	require.Zero(t, after.Mailbox)
	require.Zero(t, after.Workers)
	require.Positive(t, after.IdleWorkers)
	require.Positive(t, after.BusyTime)
	require.Greater(t, after.Loops, before.Loops)
	on(t, r, func() { r.Deregister(pair[0]) })
	require.Zero(t, counted(t, r).Registered)
}

// armedReaper counts the timer that the reactor arms for itself.
func armedReaper(r *Reactor) int64 {
	if idleWorkers(r) > 0 {
		return 1
	}
	return 0
}

func TestBusyFraction(t *testing.T) {
	v := newLab(1)
	defer v.Close()
	r := v.Reactor
	r.counts.windowStart, r.now = 0, window
	r.counts.idle = window / 4
	r.publish()
	require.InDelta(t, 0.75, r.Stats().Busy, 0.01)
	require.Equal(t, time.Duration(window)*3/4, r.Stats().BusyTime)
}
