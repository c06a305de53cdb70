package pg

import (
	"time"

	"github.com/fasterapi/fasterapi/db"
)

// statement is what a core knows about one SQL text. On each connection that
// has used it there is a prepared form of it.
//
// Owner: reactor.
type statement struct {
	sql        string
	name       []byte              // on the server, with its final zero byte; nil: none yet
	last       *shape              // as it was described most recently, for reuse
	on         [maxSlots]*prepared // by the connection's slot
	uses       int                 // connections that have it, prepared or preparing
	pins       int                 // batches that need it, see pin
	next, prev *statement          // least recently used order

	limits   bool  // changes the time limit of statements
	controls bool  // begins or ends transactions
	harmless bool  // may share a Sync, by its text
	proven   uint8 // times in a row that it has run alone, and well; saturating

	runs    uint32  // measured, saturating
	average float64 // of the time on the server, in ns, moving
}

// prepared is a statement on one connection.
//
// Owner: reactor.
type prepared struct {
	cn      *conn
	name    []byte // on the server, with its final zero byte
	shape   *shape // nil while the server is preparing it
	waiting queue  // what runs once it is prepared
}

// shape is how a statement's parameters and rows look, as the server describes
// them, and what follows from that.
//
// Owner: any (immutable after New).
type shape struct {
	params  []uint32 // OIDs
	forms   []uint32 // the OIDs by which parameters are encoded: base types instead of domains
	columns []column
	desc    *db.Description
	formats []byte // the end of a Bind message: count and result formats
	custom  bool   // where pgtype decodes a column, that comes in another format
}

// column is one column of a result.
//
// Owner: any (immutable after New).
type column struct {
	name   string
	oid    uint32
	decode decoder
	format form // for pgtype; everyone else gets what shape.formats says
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
	head, tail *statement // head: used last
	limit      int
}

// get returns the statement of sql, and makes room for it when it is new.
func (c *core) statement(sql string) *statement {
	l := &c.statements
	if s := l.head; s != nil && s.sql == sql {
		return s // mostly the same string as before, which is seen without reading it
	}
	if s := l.bySQL[sql]; s != nil {
		l.toFront(s)
		return s
	}
	s := &statement{sql: sql, controls: controls(sql), harmless: harmless(sql), limits: setsLimit(sql)}
	c.d.noteText(sql)
	l.bySQL[sql] = s
	l.insert(s)
	c.trim(s)
	return s
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
