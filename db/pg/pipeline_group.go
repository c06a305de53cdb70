package pg

import (
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
	"github.com/jackc/pgx/v5/pgconn"
)

// A Sync costs the server a transaction's end and a system call, more than a
// short SELECT itself. So where Config.ShortReads says so, short reads that leave in
// one write share one: a group. Their results are handed out when the Sync is
// answered. If one of them fails, the others are rolled back or were skipped; they
// run again, each with a Sync of its own (docs/decisions/0011 and 0016).

// A group is one transaction, which shows as little as can be: only statements that do
// nothing but compute are members (Traits.Shareable), and one that is held up, by a lock
// for example, holds up and keeps locks for the others for groupLimit at most:
// then the server is asked to stop it, and all members run alone.

const (
	// groupSize is the most queries in a group.
	groupSize = 32
	// groupTime is how long a group may take, by what is known of its statements:
	// the first result waits for the last.
	groupTime = float64(time.Millisecond)
	// groupRuns is how often a statement must have run alone, without an error,
	// to be known well enough.
	groupRuns = 4
	// groupLimit is how long a group really may take, beside the network's
	// part: 50 times what is expected, and a small part of deadlock_timeout (1 s),
	// so that locks of a group never make another transaction the victim
	// of a deadlock.
	groupLimit = 50 * time.Millisecond
	// groupRoundTrips bounds the network's part of groupLimit.
	groupRoundTrips = 400 * time.Millisecond
)

// group is the queries of a unitGroup.
//
// Owner: reactor.
type group struct {
	items   []groupItem
	current int     // the one whose answer comes next
	time    float64 // ns, expected
	split   bool    // the server was asked to stop it
}

// groupItem is one query of a group.
//
// Owner: reactor.
type groupItem struct {
	q     *driver.Query // nil: abandoned
	st    *statement
	shape *wire.Shape
}

// groups tells whether q may share a Sync.
func (cn *conn) groups(q *driver.Query, r runnable) bool {
	s := r.st
	return cn.core.shares && r.prep != nil && cn.held == nil && (q.Op == driver.OpOne || q.Op == driver.OpQuery) &&
		s.traits.Shareable && s.proven >= groupRuns && s.average < groupTime/4 && q.Hook.State&(flagRetried|flagAlone) == 0
}

// join appends a query, whose Bind and Execute are in out, to the open group.
func (cn *conn) join(q *driver.Query, r runnable, out []byte) {
	g := cn.group
	fresh := g == nil
	if fresh {
		g = cn.core.newGroup()
		cn.group = g
	} else {
		cn.extra++
	}
	g.items = append(g.items, groupItem{q, r.st, r.shape})
	g.time += r.st.average
	cn.setBuffer(out)
	q.Hook.Holder = cn
	setState(q, stateSent)
	if fresh {
		cn.push(unit{kind: unitGroup, group: g})
	}
	if len(g.items) == groupSize || g.time > groupTime {
		cn.closeGroup()
	}
}

// watchGroup sees to it that the head of the pipeline, if it is a group, does
// not take for ever. The timer stays armed while groups come and go.
func (cn *conn) watchGroup() {
	if cn.sending.front().kind != unitGroup || cn.splitter.Armed() {
		return
	}
	if cn.splitter.Task == nil {
		cn.splitter.Task = async.TaskFunc(cn.splitGroup)
	}
	cn.core.r.Arm(&cn.splitter, cn.groupLimit())
}

// groupLimit is how long a group may take on this connection.
func (cn *conn) groupLimit() time.Duration { return groupLimit + min(4*cn.roundTrip, groupRoundTrips) }

// splitGroup has the server stop a group that takes too long; grouped then runs
// its members alone.
func (cn *conn) splitGroup() {
	if cn.closed() || cn.sending.len() == 0 || cn.sending.front().kind != unitGroup {
		return
	}
	c, g := cn.core, cn.sending.front().group
	left := cn.groupLimit() - c.r.Now().Sub(cn.head.since)
	switch {
	case left > 0:
		c.r.Arm(&cn.splitter, left)
	case cn.awaited() == 0:
		c.r.Arm(&cn.splitter, groupLimit) // not even written
	default:
		g.split = true
		if cn.cancels == 0 {
			cn.interruptNow()
		}
		c.r.Arm(&cn.splitter, cancelRetry)
	}
}

// grouped ends a group.
func (cn *conn) grouped(u *unit) {
	c, g := cn.core, u.group
	cn.extra -= len(g.items) - 1
	g.measured(cn.lastTook, c.cfg.SlowAfter+cn.roundTrip)
	for i := range g.items {
		item := &g.items[i]
		q := item.q
		switch {
		case q == nil:
		case u.err == nil:
			c.finish(q, nil)
		case q.Cancelled():
			c.finish(q, q.Cause())
		case i == g.current && !g.errorOfSharing(u):
			item.st.proven = 0
			cn.answered(&unit{kind: unitQuery, q: q, st: item.st, shape: item.shape, err: u.err, bound: u.bound})
		default:
			q.Rewind()
			q.Hook.State |= flagAlone
			c.runAgain(q)
		}
	}
	c.freeGroup(g)
}

// errorOfSharing tells whether the error of a group's transaction comes from
// sharing it: the statement of the member that got the error would not have been
// stopped alone, nor would it have held up others.
func (g *group) errorOfSharing(u *unit) bool {
	e, ok := u.err.(*pgconn.PgError)
	if !ok {
		return false
	}
	return g.split && e.Code == codeCancelled || kindOf(e.Code) == db.Serialization || kindOf(e.Code) == db.Deadlock
}

// measured notes how long a group took. One that took long tells nothing about
// any one statement; after one that was stopped, all of them have to prove
// themselves again.
func (g *group) measured(took, slow time.Duration) {
	each := int64(took) / int64(len(g.items))
	for i := range g.items {
		switch s := g.items[i].st; {
		case g.split:
			s.proven = 0
		case took < slow:
			s.note(each)
		}
	}
}

// remove takes q out, and tells whether it was in.
func (g *group) remove(q *driver.Query) bool {
	for i := range g.items {
		if g.items[i].q == q {
			g.items[i].q = nil
			return true
		}
	}
	return false
}

func (c *core) newGroup() *group {
	n := len(c.spareGroups) - 1
	if n < 0 {
		return &group{items: make([]groupItem, 0, groupSize)}
	}
	g := c.spareGroups[n]
	c.spareGroups = c.spareGroups[:n]
	return g
}

func (c *core) freeGroup(g *group) {
	clear(g.items)
	*g = group{items: g.items[:0]}
	c.spareGroups = append(c.spareGroups, g)
}
