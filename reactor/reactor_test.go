package reactor

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/test/leaks"
)

func TestMain(m *testing.M) { leaks.Main(m) }

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// patient is the longest that a test waits for what should come at once.
const patient = 20 * time.Second

// start runs a group that is stopped, without leaks, when the test ends.
func start(t testing.TB, cfg Config) *Group {
	t.Helper()
	if cfg.Logger == nil {
		cfg.Logger = quiet
	}
	if cfg.StallThreshold == 0 {
		cfg.StallThreshold = -1
	}
	g, err := Start(cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patient)
		defer cancel()
		require.NoError(t, g.Stop(ctx))
	})
	return g
}

// one starts a single reactor.
func one(t testing.TB) *Reactor {
	t.Helper()
	return start(t, Config{Cores: 1}).Reactor(0)
}

// on runs fn on r and waits until it has returned.
func on(t testing.TB, r *Reactor, fn func()) {
	t.Helper()
	done := make(chan struct{})
	require.True(t, r.Post(async.TaskFunc(func() {
		defer close(done)
		fn()
	})))
	wait(t, done)
}

func wait[T any](t testing.TB, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patient):
		t.Fatal("waited in vain")
	}
	return v
}

// counted waits until the reactor has gone idle, so that its counts are published.
func counted(t testing.TB, r *Reactor) Stats {
	t.Helper()
	parks := r.Stats().Parks
	on(t, r, func() {})
	deadline := time.Now().Add(patient)
	for r.Stats().Parks <= parks {
		require.True(t, time.Now().Before(deadline), "the reactor does not park")
		runtime.Gosched()
	}
	return r.Stats()
}

func TestConfigListsEveryMistake(t *testing.T) {
	_, err := Start(Config{
		Cores: -1, TaskQuota: time.Hour, StallThreshold: time.Microsecond,
		MaxIdleWorkers: -1, MaxIdleCoroutines: -1,
	})
	for _, field := range []string{"Cores", "TaskQuota", "StallThreshold", "MaxIdleWorkers", "MaxIdleCoroutines"} {
		require.ErrorContains(t, err, field)
	}
}

func TestCoresFromEnvironment(t *testing.T) {
	t.Setenv(coresEnv, "3")
	require.Equal(t, 3, start(t, Config{}).Len())
	require.Equal(t, 2, start(t, Config{Cores: 2}).Len(), "Config.Cores wins")
	for _, bad := range []string{"0", "many", "5000"} {
		require.NoError(t, os.Setenv(coresEnv, bad))
		_, err := Start(Config{})
		require.ErrorContains(t, err, coresEnv)
	}
	require.NoError(t, os.Setenv(coresEnv, ""))
	require.Equal(t, runtime.GOMAXPROCS(0), start(t, Config{}).Len())
}

func TestTasksKeepTheirOrder(t *testing.T) {
	r := one(t)
	var got []int
	done := make(chan struct{})
	on(t, r, func() {
		for i := range 1000 {
			r.Schedule(async.TaskFunc(func() { got = append(got, i) }))
		}
		r.Schedule(async.TaskFunc(func() { close(done) }))
		require.Empty(t, got, "Schedule runs later")
	})
	wait(t, done)
	require.Len(t, got, 1000)
	for i, v := range got {
		require.Equal(t, i, v)
	}
}

// Wake-ups are never lost: senders that wait for each answer let the reactor
// park between any two posts.
func TestNoWakeUpIsLost(t *testing.T) {
	for _, cores := range []int{1, 2} {
		g := start(t, Config{Cores: cores})
		var wg sync.WaitGroup
		var sum atomic.Int64
		const senders, each = 6, 3000
		for s := range senders {
			wg.Go(func() {
				answer := make(chan struct{}, 1)
				task := async.TaskFunc(func() { sum.Add(1); answer <- struct{}{} })
				for i := range each {
					if !g.Reactor((s + i) % cores).Post(task) {
						t.Error("refused")
						return
					}
					select {
					case <-answer:
					case <-time.After(patient):
						t.Error("lost")
						return
					}
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, senders*each, sum.Load())
	}
}

func TestPanicCostsOneTask(t *testing.T) {
	var log strings.Builder
	g := start(t, Config{Cores: 1, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	r := g.Reactor(0)
	var ran []string
	done := make(chan struct{})
	on(t, r, func() {
		r.Schedule(async.TaskFunc(func() { ran = append(ran, "before") }))
		r.Schedule(async.TaskFunc(func() { panic(errors.New("boom")) }))
		r.Schedule(async.TaskFunc(func() { ran = append(ran, "after"); close(done) }))
	})
	wait(t, done)
	require.Equal(t, []string{"before", "after"}, ran)
	require.EqualValues(t, 1, counted(t, r).Panics)
	on(t, r, func() {
		require.Contains(t, log.String(), "boom")
		require.Contains(t, log.String(), "TestPanicCostsOneTask", "the stack names the task")
	})
}

func TestGoexitCostsOneTask(t *testing.T) {
	for _, pin := range []bool{false, true} {
		r := start(t, Config{Cores: 1, Pin: pin}).Reactor(0)
		for range 20 {
			done := make(chan struct{})
			on(t, r, func() {
				r.Schedule(async.TaskFunc(runtime.Goexit))
				r.Schedule(async.TaskFunc(func() { close(done) }))
			})
			wait(t, done)
		}
		require.EqualValues(t, 20, counted(t, r).Lost)
	}
}

func TestNowFollowsTheClock(t *testing.T) {
	r := one(t)
	for range 3 {
		var before, now, after time.Time
		done := make(chan struct{})
		on(t, r, func() {
			before = time.Now().Add(-time.Millisecond)
			r.Post(async.TaskFunc(func() { // in the next turn: that of this one has begun before
				now, after = r.Now(), time.Now().Add(time.Millisecond)
				close(done)
			}))
		})
		wait(t, done)
		require.WithinRange(t, now, before, after)
	}
}

// TestNowIsNotAhead: a piece of work that has taken long asks for the time of day, which is read anew.
func TestNowIsNotAhead(t *testing.T) {
	v := newLab(1)
	defer v.Close()
	r := v.Reactor
	v.Advance(2 * time.Second)
	var during, next time.Time
	begun := v.Now()
	r.Schedule(async.TaskFunc(func() {
		v.clock.set(v.clock.nanos() + int64(300*time.Millisecond))
		during = r.Now()
	}))
	v.RunUntilIdle()
	r.Schedule(async.TaskFunc(func() { next = r.Now() }))
	v.RunUntilIdle()
	require.Equal(t, begun, during, "when the turn began")
	require.Equal(t, v.Now(), next)
}

func TestFromFindsTheReactor(t *testing.T) {
	r := one(t)
	require.Nil(t, From(context.Background()))
	ctx := async.WithSite(context.Background(), r.Site())
	require.Same(t, r, From(ctx))
	sub, cancel := context.WithCancel(ctx)
	defer cancel()
	require.Same(t, r, From(sub))
}

func TestLeastLoaded(t *testing.T) {
	g := start(t, Config{Cores: 3})
	var hits [3]int
	for range 30 {
		r := g.LeastLoaded()
		r.ConnOpened()
		hits[r.Core()]++
	}
	require.Equal(t, [3]int{10, 10, 10}, hits)
	g.Reactor(1).ConnClosed()
	require.Equal(t, 1, g.LeastLoaded().Core())
	require.EqualValues(t, 9, g.Stats()[1].OpenConns)
}

func TestStopRunsWhatWasAccepted(t *testing.T) {
	g, err := Start(Config{Cores: 2, Logger: quiet})
	require.NoError(t, err)
	var accepted, ran atomic.Int64
	var wg sync.WaitGroup
	for s := range 4 {
		wg.Go(func() {
			r := g.Reactor(s % 2)
			for r.Post(async.TaskFunc(func() { ran.Add(1) })) {
				if accepted.Add(1) > ran.Load()+1000 {
					runtime.Gosched()
				}
			}
		})
	}
	for ran.Load() < 1000 {
		runtime.Gosched()
	}
	require.NoError(t, g.Stop(context.Background()))
	wg.Wait()
	require.Equal(t, accepted.Load(), ran.Load())
	require.NoError(t, g.Stop(context.Background()), "stopping twice is stopping")
}

func TestStopGivesUpOnEndlessWork(t *testing.T) {
	g, err := Start(Config{Cores: 1, Logger: quiet})
	require.NoError(t, err)
	r := g.Reactor(0)
	var forever async.TaskFunc
	forever = func() { r.Schedule(forever) }
	on(t, r, func() { r.Schedule(forever) })
	hold := make(chan struct{})
	on(t, r, func() { r.Worker(async.TaskFunc(func() { <-hold })) })
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, g.Stop(ctx), context.DeadlineExceeded)
	require.False(t, r.Post(forever))
	close(hold)
}

func TestStopWaitsForWorkersThatPostBack(t *testing.T) {
	g, err := Start(Config{Cores: 1, Logger: quiet})
	require.NoError(t, err)
	r := g.Reactor(0)
	hold := make(chan struct{})
	var answered atomic.Bool
	on(t, r, func() {
		r.Worker(async.TaskFunc(func() {
			<-hold
			if !r.Post(async.TaskFunc(func() { answered.Store(true) })) {
				t.Error("a worker's post was refused")
			}
		}))
	})
	stopped := make(chan error, 1)
	go func() { stopped <- g.Stop(context.Background()) }()
	close(hold)
	require.NoError(t, wait(t, stopped))
	require.True(t, answered.Load())
}

// A chain that outlives its reactor stops its timer where it now runs.
func TestATimerOfAnEndedReactorIsStoppedAnywhere(t *testing.T) {
	v := newLab(1)
	p, f := async.NewPromise[int](v.Reactor)
	f = f.Timeout(time.Hour)
	v.RunUntilIdle() // armed
	timer := v.Reactor.After(time.Hour, async.TaskFunc(func() {}))
	v.Close()
	require.False(t, timer.Stop())
	require.True(t, p.Post(1, nil))
	got, err := f.Await(context.Background())
	require.NoError(t, err)
	require.Equal(t, 1, got)
}
