package pg

import (
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/db"
)

// A Sync costs the server a transaction's end and a system call, more than a
// short SELECT itself. So short reads that leave in one write share one: a
// group. Their results are handed out when the Sync is answered. If one of them
// fails, the others are rolled back or were skipped; they run again, each with a
// Sync of its own, so nobody notices. Statements that write keep their own: they
// would hold their locks for the others.

const (
	// groupSize is the most queries in a group.
	groupSize = 32
	// groupTime is how long a group may take, by what is known of its statements:
	// the first result waits for the last.
	groupTime = float64(time.Millisecond)
	// groupRuns is how often a statement has run before it is known well enough.
	groupRuns = 4
)

// group is the queries of a unitGroup.
//
// Owner: reactor.
type group struct {
	items   []groupItem
	current int     // the one whose answer comes next
	time    float64 // ns, expected
}

// groupItem is one query of a group.
//
// Owner: reactor.
type groupItem struct {
	q     *db.Query // nil: abandoned
	st    *statement
	shape *shape
}

// groups tells whether q may share a Sync.
func (cn *conn) groups(q *db.Query, r runnable) bool {
	s := r.st
	return r.prep != nil && cn.held == nil && (q.Op == db.OpOne || q.Op == db.OpQuery) &&
		s.harmless && s.runs >= groupRuns && s.average < groupTime/4 && q.Hook.State&flagRetried == 0
}

// harmless tells whether a statement reads and takes no locks, by its text. It
// errs on the side of caution; a SELECT of a function that writes is all right,
// it just is rolled back and run again like the others.
func harmless(sql string) bool {
	return hasWord(sql, "select") && !strings.Contains(strings.ToLower(sql), "for ")
}

// join appends a query, whose Bind and Execute are in out, to the open group.
func (cn *conn) join(q *db.Query, r runnable, out []byte) {
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

// closeGroup ends the open group, if there is one, with its Sync.
func (cn *conn) closeGroup() {
	if cn.group != nil {
		cn.group = nil
		cn.setBuffer(append(cn.rawBuffer(), syncMsg...))
	}
}

// grouped ends a group.
func (cn *conn) grouped(u *unit) {
	c, g := cn.core, u.group
	cn.extra -= len(g.items) - 1
	each := int64(cn.lastTook) / int64(len(g.items))
	for i := range g.items {
		item := &g.items[i]
		q := item.q
		item.st.note(each)
		switch {
		case q == nil:
		case u.err == nil:
			c.finish(q, nil)
		case i == g.current:
			cn.answered(&unit{kind: unitQuery, q: q, st: item.st, shape: item.shape, err: u.err})
		case q.Cancelled():
			c.finish(q, q.Cause())
		default:
			q.Rewind()
			q.Hook.State |= flagRetried
			c.again(q)
		}
	}
	c.freeGroup(g)
}

// lostGroup ends the queries of a group that a broken connection has not answered.
func (cn *conn) lostGroup(u *unit, why error, safe bool) {
	g := u.group
	cn.extra -= len(g.items) - 1
	for _, item := range g.items {
		cn.lost(&unit{kind: unitQuery, q: item.q}, why, safe)
	}
	cn.core.freeGroup(g)
}

// drop takes q out, and tells whether it was in.
func (g *group) drop(q *db.Query) bool {
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
	g.items, g.current, g.time = g.items[:0], 0, 0
	c.spareGroups = append(c.spareGroups, g)
}
