package nethttp

import (
	"slices"
	"sync"
	"time"
)

// apart are goroutines that are used again, for handlers that must not run on the one of their
// request: a new one would let its stack grow for each request, which was a tenth of what a
// request over HTTP/2 cost.
//
// Owner: mu.
type apart struct {
	mu   sync.Mutex
	idle []*apartWorker // the latest last: its stack is still in the cache
}

// apartIdle is for how long a goroutine waits for the next handler before it ends.
const apartIdle = time.Second

// apartWorker is a goroutine of them.
//
// Owner: its own goroutine; jobs has room for one, so that handing over never waits.
type apartWorker struct{ jobs chan func() }

// run runs job on another goroutine, which ends if job ends it.
func (a *apart) run(job func()) {
	a.mu.Lock()
	n := len(a.idle) - 1
	if n < 0 {
		a.mu.Unlock()
		go a.work(&apartWorker{jobs: make(chan func(), 1)}, job)
		return
	}
	w := a.idle[n]
	a.idle[n] = nil
	a.idle = a.idle[:n]
	a.mu.Unlock()
	w.jobs <- job
}

// work runs jobs until none comes for a while.
func (a *apart) work(w *apartWorker, job func()) {
	patience := time.NewTimer(apartIdle)
	defer patience.Stop()
	for {
		job()
		job = nil // nothing of it is kept while the worker waits
		a.mu.Lock()
		a.idle = append(a.idle, w)
		a.mu.Unlock()
		patience.Reset(apartIdle)
		select {
		case job = <-w.jobs:
		case <-patience.C:
			if a.forget(w) {
				return
			}
			job = <-w.jobs
		}
	}
}

// forget takes w from those that wait; false: it has a job.
func (a *apart) forget(w *apartWorker) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.Index(a.idle, w)
	if i >= 0 {
		a.idle = slices.Delete(a.idle, i, i+1)
	}
	return i >= 0
}
