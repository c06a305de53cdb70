package pg

import "time"

const (
	// crowded is the depth of a pipeline that makes a core open another
	// connection beside it.
	crowded = 16
)

// place picks the connection for a statement, nil when it has to wait: one that
// short reads are being gathered for, else the shortest pipeline, and never behind
// something slow. A read avoids connections where something may wait for a lock, which nobody knows before SlowAfter
// has passed, as long as another one is not crowded: what is sent cannot be moved.
//
// What arrives together thus stays together: the answers of a group come with one
// read, and what they set off leaves with one write. A bound lower than a group's
// own would cut groups into pieces that hardly ever meet again.
func (c *core) place(s *statement) *conn {
	now := c.r.Now()
	var best *conn
	lowest := 1 << 30
	read := s != nil && s.traits.Shareable
	for _, cn := range c.conns {
		if !cn.shared() {
			continue
		}
		n := cn.load()
		if n >= c.cfg.MaxPipeline || n > 0 && cn.blocked(now) {
			continue
		}
		if cn.gathers() {
			best = cn // one Sync and one system call for both
			break
		}
		if read && cn.locks > 0 {
			n += crowded // as if they were before it
		}
		if n < lowest {
			best, lowest = cn, n
		}
	}
	if best == nil {
		c.openWanted()
		return nil
	}
	n := best.load()
	if n == 0 {
		return best
	}
	if n >= crowded && !best.gathers() {
		c.openAnother()
	}
	if s != nil && s.slow(c.cfg.SlowAfter) && c.openAnother() {
		return nil // a connection of its own is on its way
	}
	return best
}

// gathers tells whether short reads are being gathered for cn and its pipeline is
// shorter than a full group.
func (cn *conn) gathers() bool { return cn.group != nil && cn.load() < groupSize }

// shared tells whether shared queries may be sent on cn.
func (cn *conn) shared() bool {
	return cn.held == nil && cn.writeCheck == nil && !cn.reserve && cn.life == connOpen && cn.cancels == 0
}

// blocked tells whether whatever is placed behind may have to wait long: behind a
// statement that is slow, runs for long, or has never run before.
func (cn *conn) blocked(now time.Time) bool {
	return cn.slow+cn.unknown > 0 || cn.sending.len() > 0 && now.Sub(cn.head.since) > cn.core.cfg.SlowAfter
}

// idle returns a connection with nothing on it, for a call that needs it alone.
func (c *core) idle() *conn {
	var best *conn
	for _, cn := range c.conns {
		if cn.load() != 0 || cn.held != nil || cn.life != connOpen || cn.cancels > 0 {
			continue
		}
		if best == nil || cn.reserve {
			best = cn
		}
	}
	return best
}

// reserve keeps shared queries off a connection when a session waits for an exclusive
// one and none can be opened: otherwise full pipelines would starve it.
func (c *core) reserve() {
	want := c.exclusive.Len()
	for _, cn := range c.conns {
		if cn.reserve {
			want--
		}
	}
	if c.canOpen() > 0 {
		want -= c.canOpen()
	}
	for ; want > 0; want-- {
		var best *conn
		for _, cn := range c.conns {
			if cn.shared() && (best == nil || cn.load() < best.load()) {
				best = cn
			}
		}
		if best == nil {
			return
		}
		best.reserve = true
	}
}

// unreserve gives connections back to shared queries that were kept for a session
// that has got another one, or has left.
func (c *core) unreserve() {
	surplus := -c.exclusive.Len()
	for _, cn := range c.conns {
		if !cn.reserve {
			continue
		}
		if surplus++; surplus > 0 {
			cn.reserve = false
		}
	}
}
