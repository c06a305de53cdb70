package reactor

import (
	"bytes"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
)

// goid identifies the calling goroutine, from its stack's first line.
func goid() string {
	buf := make([]byte, 64)
	buf = buf[:runtime.Stack(buf, false)]
	return string(bytes.Fields(buf)[1])
}

// work runs fn on a worker of r and waits for it.
func work(t testing.TB, r *Reactor, fn func()) {
	t.Helper()
	done := make(chan struct{})
	on(t, r, func() {
		r.Worker(async.TaskFunc(func() {
			defer close(done)
			fn()
		}))
	})
	wait(t, done)
	for r.workers.busy.Load() > 0 {
		runtime.Gosched()
	}
}

func idleWorkers(r *Reactor) int {
	r.workers.mu.Lock()
	defer r.workers.mu.Unlock()
	return len(r.workers.idle)
}

func TestWorkersAreReused(t *testing.T) {
	r := one(t)
	seen := map[string]bool{}
	for range 50 {
		work(t, r, func() { seen[goid()] = true })
		for idleWorkers(r) == 0 {
			runtime.Gosched()
		}
	}
	require.Len(t, seen, 1)
	require.EqualValues(t, 50, counted(t, r).Jobs)
}

func TestWorkerPanicAndGoexitAreContained(t *testing.T) {
	r := one(t)
	work(t, r, func() { panic("boom") })
	work(t, r, runtime.Goexit)
	ran := false
	work(t, r, func() { ran = true })
	require.True(t, ran)
	stats := counted(t, r)
	require.EqualValues(t, 1, stats.Panics)
	require.EqualValues(t, 1, stats.Lost)
	require.Zero(t, stats.Workers)
}

func TestBlockedWorkersDoNotBlockEachOther(t *testing.T) {
	r := one(t)
	hold := make(chan struct{})
	var arrived atomic.Int64
	all := make(chan struct{})
	on(t, r, func() {
		for range 100 {
			r.Worker(async.TaskFunc(func() {
				if arrived.Add(1) == 100 {
					close(all)
				}
				<-hold
			}))
		}
	})
	wait(t, all)
	require.EqualValues(t, 100, counted(t, r).Workers)
	close(hold)
}

func TestIdleWorkersAreCappedAndLetGo(t *testing.T) {
	v := newLab(1)
	defer v.Close()
	r := v.Reactor
	r.workers.max = 20
	hold := make(chan struct{})
	for range 50 {
		r.Worker(async.TaskFunc(func() { <-hold }))
	}
	close(hold)
	ended := func(live int64) func() bool {
		return func() bool { return r.workers.live.Load() == live && idleWorkers(r) == int(live) }
	}
	require.True(t, v.RunUntil(ended(20)))
	v.Advance(reapEvery) // they were needed in this period
	v.Advance(reapEvery)
	require.True(t, v.RunUntil(ended(keepIdle)))
	v.Advance(reapEvery)
	require.False(t, r.reaper.Armed(), "an idle reactor is left alone")
}

func TestWorkerRunsSoonOnABusyReactor(t *testing.T) {
	r := one(t)
	stop := false
	var forever async.TaskFunc
	forever = func() {
		if !stop {
			r.Schedule(forever)
		}
	}
	on(t, r, func() { r.Schedule(forever) })
	for range 20 {
		began := time.Now()
		work(t, r, func() {})
		require.Less(t, time.Since(began), 10*time.Second, "as long as nobody would wait, but a busy machine may")
	}
	on(t, r, func() { stop = true })
}
