package reactor

import (
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/metric"
)

// publishEvery is how old, in nanoseconds, the published counts of a busy
// reactor may be. Publishing costs 15 stores; counting costs nothing but the
// addition.
const publishEvery = int64(time.Millisecond)

// window is the time, in nanoseconds, over which the busy fraction is taken.
const window = int64(time.Second)

// Stats is what one reactor has done, a millisecond ago at most while it turns.
//
// Owner: whoever asked for it.
type Stats struct {
	Core       int
	Tasks      int64 // run from the queue
	Posts      int64 // of which came through the mailbox
	Jobs       int64 // handed to workers
	Events     int64 // I/O events delivered
	Stale      int64 // I/O events dropped: their descriptor was gone
	Timers     int64 // fired
	Loops      int64 // turns of the loop
	Parks      int64 // times it went idle
	Panics     int64 // recovered, in tasks, coroutines and workers
	Lost       int64 // pieces of work ended by runtime.Goexit
	Pending    int64 // tasks in the run queue
	Mailbox    int64 // tasks in the mailbox
	Armed      int64 // timers
	Registered int64 // descriptors
	OpenConns  int64
	Unsent     int64 // bytes of responses that wait for clients who do not read
	CutOff     int64 // responses given up because these were too many
	Expired    int64 // connections, and streams of HTTP/2, that were given up for their slowness
	Useless    int64 // connections of HTTP/2 that were closed because they made work for nothing
	Secured    int64 // TLS handshakes that have succeeded
	Unsecured  int64 // TLS handshakes that have failed
	Streams    int64 // open streams of HTTP/2, which are its requests
	Refused    int64 // streams that were refused, because their connection had too many

	Coroutines     int64 // running or suspended
	IdleCoroutines int64
	Workers        int64 // running a job
	IdleWorkers    int64

	BusyTime time.Duration // not parked
	IdleTime time.Duration // parked
	Busy     float64       // share of the last second or so, 0 to 1
	Stalls   metric.Snapshot
	// Stuck is for how long one piece of work has held the reactor, if that is
	// 100 ms or more; else 0. The counts of a stuck reactor are old.
	Stuck time.Duration
}

// counts is what the loop counts.
//
// Owner: reactor.
type counts struct {
	tasks, posts, jobs, events, stale, timers int64
	loops, parks, panics, lost                int64
	idle                                      int64 // ns parked
	published                                 int64 // clock
	windowStart, windowIdle                   int64
	busyShare                                 float64
}

// public is the published copy of counts.
//
// Owner: reactor writes, any reads (atomic).
type public struct {
	tasks, posts, jobs, events, stale, timers atomic.Int64
	loops, parks, panics, lost                atomic.Int64
	idle, clock                               atomic.Int64
	pending, armed, registered                atomic.Int64
	live, idleCo                              atomic.Int64
	busyMille                                 atomic.Int64
}

func (r *Reactor) publish() {
	c, p := &r.counts, &r.public
	c.published = r.now
	if d := r.now - c.windowStart; d >= window {
		c.busyShare = 1 - float64(c.idle-c.windowIdle)/float64(d)
		c.windowStart, c.windowIdle = r.now, c.idle
	}
	p.tasks.Store(c.tasks)
	p.posts.Store(c.posts)
	p.jobs.Store(c.jobs)
	p.events.Store(c.events)
	p.stale.Store(c.stale)
	p.timers.Store(c.timers)
	p.loops.Store(c.loops)
	p.parks.Store(c.parks)
	p.panics.Store(c.panics)
	p.lost.Store(c.lost)
	p.idle.Store(c.idle)
	p.clock.Store(r.now)
	p.pending.Store(int64(r.runq.Len()))
	p.armed.Store(int64(r.wheel.count))
	p.registered.Store(int64(r.table.count))
	p.live.Store(int64(len(r.coroutines.live)))
	p.idleCo.Store(int64(len(r.coroutines.idle)))
	p.busyMille.Store(int64(c.busyShare * 1000))
}

// Stats returns what the reactor has done. Any goroutine.
func (r *Reactor) Stats() Stats {
	p := &r.public
	idle := p.idle.Load()
	busy := r.workers.busy.Load()
	return Stats{
		Core:       r.core,
		Tasks:      p.tasks.Load(),
		Posts:      p.posts.Load(),
		Jobs:       p.jobs.Load(),
		Events:     p.events.Load(),
		Stale:      p.stale.Load(),
		Timers:     p.timers.Load(),
		Loops:      p.loops.Load(),
		Parks:      p.parks.Load(),
		Panics:     p.panics.Load() + r.workers.panics.Load(),
		Lost:       p.lost.Load() + r.workers.lost.Load(),
		Pending:    p.pending.Load(),
		Mailbox:    int64(r.mailbox.Len()),
		Armed:      p.armed.Load(),
		Registered: p.registered.Load(),
		OpenConns:  r.open.Load(),
		Unsent:     r.unsent.Load(),
		CutOff:     r.cutOff.Load(),
		Expired:    r.expired.Load(),
		Useless:    r.useless.Load(),
		Secured:    r.secured.Load(),
		Unsecured:  r.unsecured.Load(),
		Streams:    r.streams.Load(),
		Refused:    r.refused.Load(),

		Coroutines:     p.live.Load(),
		IdleCoroutines: p.idleCo.Load(),
		Workers:        busy,
		IdleWorkers:    max(0, r.workers.live.Load()-busy),

		BusyTime: time.Duration(max(0, p.clock.Load()-idle)),
		IdleTime: time.Duration(idle),
		Busy:     float64(p.busyMille.Load()) / 1000,
		Stalls:   r.watch.histogram.Snapshot(),
		Stuck:    r.Stuck(),
	}
}
