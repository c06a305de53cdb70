package pg

import (
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/db"
)

// counts are the numbers of a core. Only the core writes them, except waiting.
//
// Owner: any (atomic).
type counts struct {
	waiting  atomic.Int64 // in the inbox or in a list
	open     atomic.Int64
	idle     atomic.Int64
	inFlight atomic.Int64
	depth    atomic.Int64

	waits          atomic.Uint64
	waitTime       atomic.Uint64 // ns
	queries        atomic.Uint64
	errors         atomic.Uint64
	cancelled      atomic.Uint64
	exhausted      atomic.Uint64
	reconnects     atomic.Uint64
	broken         atomic.Uint64
	cancelRequests atomic.Uint64
	leaks          atomic.Uint64
	overflows      atomic.Uint64
}

// publish makes the state of the connections visible to others.
func (c *core) publish() {
	c.checkRest()
	idle, flying, depth := 0, 0, 0
	for _, cn := range c.conns {
		n := cn.load()
		flying += n
		depth = max(depth, n)
		if n == 0 && cn.held == nil {
			idle++
		}
	}
	set(&c.counts.open, len(c.conns))
	set(&c.counts.idle, idle)
	set(&c.counts.inFlight, flying)
	set(&c.counts.depth, depth)
}

// set stores only what has changed: others read the line.
func set(v *atomic.Int64, n int) {
	if v.Load() != int64(n) {
		v.Store(int64(n))
	}
}

// Stats implements driver.Driver.
func (d *database) Stats() db.Stats {
	total := db.Stats{Driver: "postgres"}
	current := d.bound.Load()
	for _, c := range *d.cores.Load() {
		s := c.counts.stats()
		total.Add(s)
		if c.b == current {
			s.Driver = "postgres"
			total.Cores = append(total.Cores, s)
		}
	}
	return total
}

func (n *counts) stats() db.Stats {
	open, idle := int(n.open.Load()), int(n.idle.Load())
	return db.Stats{
		Open: open, Idle: idle, Busy: max(0, open-idle),
		Waiting: int(max(0, n.waiting.Load())), InFlight: int(n.inFlight.Load()), Depth: int(n.depth.Load()),
		Waits: n.waits.Load(), WaitTime: time.Duration(n.waitTime.Load()),
		Queries: n.queries.Load(), Errors: n.errors.Load(), Cancelled: n.cancelled.Load(),
		Exhausted: n.exhausted.Load(), Broken: n.broken.Load(), Reconnects: n.reconnects.Load(),
		Interrupts: n.cancelRequests.Load(), Leaks: n.leaks.Load(), Overflows: n.overflows.Load(),
	}
}
