package pg

import (
	"time"

	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/fasterapi/fasterapi/db/internal/sqltext"
	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
)

// statement is what a core knows about one SQL text. On each connection that
// has used it there is a prepared form of it, unless it is a script: several
// statements are never prepared.
//
// Owner: reactor.
type statement struct {
	sql        string
	name       []byte              // on the server, with its final zero byte; nil: none yet
	last       *wire.Shape         // as it was described most recently, for reuse
	on         [maxSlots]*prepared // by the connection's slot
	uses       int                 // connections that have it, prepared or preparing
	pins       int                 // batches that need it, see pin
	next, prev *statement          // least recently used order

	traits sqltext.Traits // what the text is
	proven uint8          // times in a row that it has run alone, and well; saturating

	runs    uint32  // measured, saturating
	average float64 // of the time on the server, in ns, moving
}

// weight of a new measurement in the moving average.
const weight = 0.2

// note adds a measurement.
func (s *statement) note(ns int64) {
	if s.runs == 0 {
		s.average = float64(ns)
	} else {
		s.average += weight * (float64(ns) - s.average)
	}
	if s.runs < 1<<31 {
		s.runs++
	}
}

// ran notes how the statement did with a Sync of its own.
func (s *statement) ran(ns int64, well bool) {
	s.note(ns)
	switch {
	case !well:
		s.proven = 0
	case s.proven < groupRuns:
		s.proven++
	}
}

// slow tells whether nothing should be placed behind this statement.
func (s *statement) slow(after time.Duration) bool {
	return s.runs > 0 && s.average >= float64(after)
}

// statements is the cache of one core, in the order of use.
//
// Owner: reactor.
type statements struct {
	bySQL      map[string]*statement
	script     *statement // the last one, which is not in bySQL: scripts are long, and mostly run once
	head, tail *statement // head: used last
	limit      int
}

// statement returns the statement of sql, and makes room for it when it is new.
func (c *core) statement(sql string) *statement {
	l := &c.statements
	if s := l.head; s != nil && s.sql == sql {
		return s // mostly the same string as before, which is seen without reading it
	}
	if s := l.bySQL[sql]; s != nil {
		l.toFront(s)
		return s
	}
	if s := l.script; s != nil && s.sql == sql {
		return s
	}
	s := &statement{sql: sql, traits: sqltext.Of(sqltext.Postgres, sql)}
	if s.traits.Unprepares {
		c.d.dropsNames.Store(true) // so it is no sign of a pooler that ours are gone
	}
	if s.traits.Script() {
		l.script = s
		return s
	}
	l.bySQL[sql] = s
	l.insert(s)
	c.trim(s)
	return s
}

// traits are those of sql, which does not become a statement of the cache by that.
func (c *core) traits(sql string) *sqltext.Traits {
	if s := c.statements.bySQL[sql]; s != nil {
		return &s.traits
	}
	t := sqltext.Of(sqltext.Postgres, sql)
	return &t
}

// script is what is sent of one: without its frame, as several statements that are
// sent together are one transaction anyway. A single one that was framed gets
// company if it could commit in the middle, or could not run in a transaction.
func (s *statement) script() string {
	sql := s.traits.Body(s.sql)
	if s.traits.Statements == 3 && s.traits.Framed && !s.traits.Repeatable {
		sql += "\n;SELECT 1"
	}
	return sql
}

// busy tells whether calls wait for the statement to be prepared.
func (s *statement) busy() bool {
	if s.uses == 0 {
		return false
	}
	for _, p := range s.on {
		if p != nil && p.shape == nil {
			return true
		}
	}
	return false
}

// evict forgets a statement and deallocates it wherever it is prepared, with
// what is sent next there.
func (c *core) evict(s *statement) {
	for _, cn := range c.conns {
		if p := s.on[cn.slot]; p != nil {
			cn.deallocate(s, p)
		}
	}
	c.statements.remove(s)
	delete(c.statements.bySQL, s.sql)
}

func (l *statements) insert(s *statement) {
	s.prev, s.next = nil, l.head
	if l.head != nil {
		l.head.prev = s
	} else {
		l.tail = s
	}
	l.head = s
}

func (l *statements) remove(s *statement) {
	if s.prev != nil {
		s.prev.next = s.next
	} else {
		l.head = s.next
	}
	if s.next != nil {
		s.next.prev = s.prev
	} else {
		l.tail = s.prev
	}
	s.prev, s.next = nil, nil
}

func (l *statements) toFront(s *statement) {
	if l.head != s {
		l.remove(s)
		l.insert(s)
	}
}

// A batch needs all of its statements at the same time. So from when it has to
// wait for one of them to be prepared until it ends none of them leaves the cache,
// which is larger than StatementCache in the meantime if it has to be.

// pin keeps the statements of a batch in the cache.
func (c *core) pin(q *driver.Query) {
	if _, done := c.pinned[q]; done {
		return
	}
	list := make([]*statement, len(q.Items))
	for i, item := range q.Items {
		list[i] = c.statement(item.SQL)
		list[i].pins++
	}
	if c.pinned == nil {
		c.pinned = map[*driver.Query][]*statement{}
	}
	c.pinned[q] = list
}

// unpin ends that, when q ends here or goes to another core.
func (c *core) unpin(q *driver.Query) {
	if len(c.pinned) == 0 {
		return
	}
	list := c.pinned[q]
	delete(c.pinned, q)
	for _, s := range list {
		s.pins--
	}
	if len(list) > 0 {
		c.trim(nil)
	}
}

// trim makes the cache as small as it should be, as far as it can be: but for
// keep, and what is needed.
func (c *core) trim(keep *statement) {
	l := &c.statements
	for old := l.tail; len(l.bySQL) > l.limit && old != nil && old != keep; {
		prev := old.prev
		if old.pins == 0 && !old.busy() {
			c.evict(old)
		}
		old = prev
	}
}
