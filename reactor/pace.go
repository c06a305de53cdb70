package reactor

import (
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/async"
)

// A reactor that has handed work to goroutines gives way, and turns again when they have run
// until they waited. With 100 jobs of 1 ms each that would be 100 ms later, in which it sees
// nothing of what comes: a load of three times what the core can do would make each turn three
// times as long as the one before. So whoever has many jobs asks for the Room first.

const (
	// roomFor is for how long the jobs that have not started may keep the reactor from
	// turning.
	roomFor = 4 * time.Millisecond
	// fewJobs may always be handed out, so that there are two whose starts can be compared,
	// and mostJobs at most, so that a kind of job that takes longer than those before does
	// not hold the reactor for long. Where each takes 10 us, 64 make a turn of 640 us, of
	// which asking the poller is some 1 us.
	fewJobs  = 2
	mostJobs = 64
)

// pace is how many jobs a reactor hands out between two turns.
//
// Owner: reactor; starts, timed, first and last: any (atomic).
type pace struct {
	most    int64 // that may wait for a processor
	begun   int64 // starts, when the reactor gave way
	waiting []async.Task

	starts atomic.Int64 // jobs that have come to a processor
	timed  atomic.Bool
	// first and last are when the first and the latest job of a batch started.
	first, last atomic.Int64
}

// Room tells how many more jobs should be handed to goroutines now (see [Reactor.Worker]): as
// many as start within some 4 ms, from 2 to 64, less those which wait for a processor
// already. Worker takes more; what is held back waits for WhenRoom. Owner only.
func (r *Reactor) Room() int {
	waiting := r.counts.jobs - r.workers.pace.starts.Load()
	return int(max(0, r.workers.pace.most-waiting))
}

// WhenRoom runs t, once, in the next turn in which there is room. Owner only.
func (r *Reactor) WhenRoom(t async.Task) {
	r.mine()
	r.workers.pace.waiting = append(r.workers.pace.waiting, t)
}

// letIn queues the tasks that wait for room, if there is some.
func (r *Reactor) letIn() {
	p := &r.workers.pace
	if len(p.waiting) == 0 || r.Room() == 0 {
		return
	}
	for _, t := range p.waiting {
		r.runq.Push(t)
	}
	clear(p.waiting)
	p.waiting = p.waiting[:0]
}

// started notes that a job has come to a processor.
func (p *pace) started(c clock) {
	p.starts.Add(1)
	if !p.timed.Load() {
		return
	}
	now := c.nanos()
	if !p.first.CompareAndSwap(0, now) {
		p.last.Store(now)
	}
}

// open begins a batch of jobs: the reactor gives way.
func (p *pace) open(handed int64) {
	p.begun = p.starts.Load()
	if handed-p.begun > 1 {
		p.first.Store(0)
		p.last.Store(0)
		p.timed.Store(true)
	}
}

// close ends it, and adapts what is handed out.
func (p *pace) close() {
	if !p.timed.Load() {
		return
	}
	p.timed.Store(false)
	n := p.starts.Load() - p.begun
	first, last := p.first.Load(), p.last.Load()
	if n < 2 || last <= first {
		return
	}
	fits := int64(roomFor) * (n - 1) / (last - first)
	p.most = min(max(fits, fewJobs), 2*p.most, mostJobs)
}
