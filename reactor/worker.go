package reactor

import (
	"context"
	"log/slog"
	"runtime/debug"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/async"
)

// reapEvery is how often idle workers and coroutines that nobody needed since
// the last time are ended.
const reapEvery = 5 * time.Second

// keepIdle idle workers and coroutines stay for ever: so many are cheap (a few
// KiB each), and a lone request should not have to start one.
const keepIdle = 4

// worker is a goroutine that runs one job after another. A job comes through a
// channel with room for it, so that handing over never waits.
//
// Owner: its own goroutine.
type worker struct {
	pool *workers
	jobs chan async.Task
}

// workers is the pool of one reactor. Last in, first out: the latest worker's
// stack is still in the cache, and the others can be let go.
//
// Owner: mu; busy and live any (atomic); pace: its own.
type workers struct {
	r      *Reactor
	mu     sync.Mutex
	idle   []*worker
	low    int // the fewest idle ones since the last reaping
	max    int
	closed bool

	pace pace

	busy   atomic.Int64 // jobs that run
	live   atomic.Int64 // goroutines
	lost   atomic.Int64 // jobs that called runtime.Goexit
	panics atomic.Int64
}

func (p *workers) init(r *Reactor) {
	p.r, p.max = r, r.cfg.MaxIdleWorkers
	p.pace.most = mostJobs
}

// Worker runs job on a goroutine, where it may block. The goroutine runs after
// the current turn of the loop, usually on the same processor. Its code is not
// on the reactor: it comes back with [Reactor.Post].
func (r *Reactor) Worker(job async.Task) {
	r.mine()
	r.Woke()
	r.counts.jobs++
	p := &r.workers
	p.busy.Add(1)
	if w := p.take(); w != nil {
		w.jobs <- job
		return
	}
	p.live.Add(1)
	w := &worker{pool: p, jobs: make(chan async.Task, 1)}
	go w.run(job)
	if !r.reaper.Armed() {
		r.Arm(&r.reaper, reapEvery)
	}
}

func (p *workers) take() *worker {
	p.mu.Lock()
	n := len(p.idle) - 1
	if n < 0 {
		p.low = 0
		p.mu.Unlock()
		return nil
	}
	w := p.idle[n]
	p.idle[n] = nil
	p.idle = p.idle[:n]
	p.low = min(p.low, n)
	p.mu.Unlock()
	return w
}

// put makes w idle; false: it is not needed.
func (p *workers) put(w *worker) bool {
	p.mu.Lock()
	keep := !p.closed && len(p.idle) < p.max
	if keep {
		p.idle = append(p.idle, w)
	}
	p.mu.Unlock()
	return keep
}

func (w *worker) run(job async.Task) {
	// The label of the reactor's goroutine was inherited.
	pprof.SetGoroutineLabels(context.Background())
	clean := false
	defer func() {
		if !clean {
			w.pool.lost.Add(1)
			w.pool.r.log.Error("reactor: a worker's job called runtime.Goexit")
			w.pool.finished()
		}
		w.pool.live.Add(-1)
	}()
	for job != nil {
		w.do(job)
		w.pool.finished()
		if !w.pool.put(w) {
			break
		}
		job = <-w.jobs // nil: end
	}
	clean = true
}

func (w *worker) do(job async.Task) {
	defer func() {
		if v := recover(); v != nil {
			w.pool.panics.Add(1)
			w.pool.r.log.Error("reactor: a worker's job panicked", slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
		}
	}()
	w.pool.pace.started(w.pool.r.clock)
	job.Run()
}

// finished counts a job out; a stopping reactor may have waited for it.
func (p *workers) finished() {
	if p.busy.Add(-1) == 0 && p.r.phase.Load() != running {
		p.r.wake()
	}
}

// trim ends the idle workers at the bottom of the stack that were
// not needed since the last call, but for keepIdle.
func (p *workers) trim() (idle int) {
	p.mu.Lock()
	n := max(0, min(p.low, len(p.idle)-keepIdle))
	end := append([]*worker(nil), p.idle[:n]...)
	rest := copy(p.idle, p.idle[n:])
	clear(p.idle[rest:])
	p.idle = p.idle[:rest]
	p.low = rest
	p.mu.Unlock()
	for _, w := range end {
		w.jobs <- nil
	}
	return rest
}

// close ends all idle workers, and the others as soon as they have finished.
func (p *workers) close() {
	p.mu.Lock()
	end := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, w := range end {
		w.jobs <- nil
	}
}

// reap lets go of idle workers and coroutines. Its timer runs only while there
// are more of them than stay anyway.
func (r *Reactor) reap() {
	r.coroutines.trim(keepIdle)
	idle := r.workers.trim()
	more := idle > keepIdle || r.workers.busy.Load() > keepIdle ||
		len(r.coroutines.idle) > keepIdle || len(r.coroutines.live) > keepIdle
	if more && !r.stopping {
		r.Arm(&r.reaper, reapEvery)
	}
}
