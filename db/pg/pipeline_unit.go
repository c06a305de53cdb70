package pg

import (
	"time"

	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
)

// unitKind says what answers a unit expects.
type unitKind uint8

const (
	unitQuery   unitKind = iota // one statement of a query
	unitPrepare                 // Parse and Describe
	unitBatch                   // the statements of a batch
	unitSimple                  // a simple query: BEGIN, COMMIT, scripts
	unitSync                    // a round trip
	unitPortion                 // a portion of a stream
	unitCopy                    // COPY FROM STDIN
	unitGroup                   // several queries that share a Sync
)

// unit is everything up to one ReadyForQuery. An error inside reaches no other
// unit.
//
// Owner: reactor.
type unit struct {
	q      *driver.Query // nil: nobody waits for it (any more)
	st     *statement
	shape  *wire.Shape
	shapes []*wire.Shape // unitBatch: by item
	err    error         // what the server said, a *pgconn.PgError
	draft  *draft        // unitPrepare: what is known so far
	prep   *prepared
	group  *group                // unitGroup
	step   func(*session, *unit) // what comes next, for the steps of a session

	item      int   // unitBatch: the current one
	affected  int64 // unitSimple: rows so far
	kind      unitKind
	slow      bool // its statement is
	unknown   bool // its statement has not been measured
	locks     bool // its statement may wait for a lock of a row
	bound     bool // the current statement's parameters have been taken, and it is planned
	outdated  bool // the rows are not what they were; the statement has run
	complete  bool // CommandComplete has come
	suspended bool // PortalSuspended has come
	refused   bool // it is a COPY as a statement
	abandoned bool // its query was cancelled
	aborted   bool // unitSimple: the server answered ROLLBACK
	repeats   bool // unitBatch: all of its statements are Repeatable
	reads     bool // unitBatch: all of them only read
}

// repeatable tells whether u's query may run once more when the server has
// stopped it.
func (u *unit) repeatable() bool {
	switch {
	case u.kind == unitSimple: // BEGIN, COMMIT and the like; a script is its caller's to judge
		return false
	case u.q == nil || u.kind == unitSync:
		return true
	case u.kind == unitBatch:
		return u.repeats
	}
	return u.st != nil && u.st.traits.Repeatable
}

// wholeScript tells whether u is a script that was rolled back as a whole when a
// cancel request hit it, which was not meant for it.
func (u *unit) wholeScript() bool {
	return u.kind == unitSimple && u.st != nil && u.st.traits.Repeatable
}

// onlyReads tells whether u's query may run twice, whatever has become of it.
func (u *unit) onlyReads() bool {
	if u.kind == unitBatch {
		return u.reads
	}
	return u.st != nil && u.st.traits.Reads
}

// wantsRows tells whether somebody takes the rows of the current statement.
func (u *unit) wantsRows() bool {
	switch {
	case u.q == nil:
		return false
	case u.kind == unitBatch:
		return u.q.Items[u.item].Op != driver.OpExec
	}
	return u.q.Op != driver.OpExec
}

// isCheck tells whether u is a health check, which is no use of the connection:
// that is as idle as before.
func (u *unit) isCheck() bool { return u.kind == unitSync && u.q == nil && u.step == nil }

// estimate finds out what is known of how long u takes.
func (u *unit) estimate(c *core) {
	look := func(s *statement) {
		u.slow = u.slow || s.slow(c.cfg.SlowAfter)
		u.unknown = u.unknown || s.runs == 0
		u.locks = u.locks || !s.traits.Shareable
	}
	switch {
	case u.kind == unitBatch:
		for _, item := range u.q.Items {
			look(c.statement(item.SQL))
		}
	case u.kind == unitSimple:
		u.unknown = true // a script
	case u.st != nil && u.kind != unitPrepare:
		look(u.st)
	}
}

// measured notes how long u took.
func (u *unit) measured(c *core, took time.Duration) {
	switch {
	case u.kind == unitQuery:
		u.st.ran(int64(took), u.err == nil)
	case u.kind == unitBatch && u.q != nil:
		for _, item := range u.q.Items {
			c.statement(item.SQL).note(int64(took) / int64(len(u.q.Items)))
		}
	}
}

// draft collects the description of a statement.
//
// Owner: reactor.
type draft struct {
	parsed  bool
	params  []uint32
	columns []wire.Column

	asks  []uint32 // types that the server is asked about; the rest is known already
	found []wire.CatalogType

	single bool   // the server is asked for one value
	value  []byte // which this is
}

// units is the pipeline of a connection: a growing ring.
//
// Owner: reactor.
type units struct {
	buf        []unit // length is a power of two, or 0
	head, tail uint
}

func (l *units) len() int { return int(l.tail - l.head) }

func (l *units) at(i int) *unit { return &l.buf[(l.head+uint(i))&uint(len(l.buf)-1)] }

// front is the unit that the server works on.
func (l *units) front() *unit { return l.at(0) }

func (l *units) push(u unit) {
	if l.len() == len(l.buf) {
		bigger := make([]unit, max(8, 2*len(l.buf)))
		n := uint(l.len())
		for i := range n {
			bigger[i] = *l.at(int(i))
		}
		l.buf, l.head, l.tail = bigger, 0, n
	}
	l.buf[l.tail&uint(len(l.buf)-1)] = u
	l.tail++
}

func (l *units) pop() unit {
	u := l.front()
	out := *u
	*u = unit{}
	l.head++
	return out
}

// load is how much is on its way.
func (cn *conn) load() int { return cn.sending.len() + cn.extra + cn.parked }

// awaited is how many units the server may answer.
func (cn *conn) awaited() int { return cn.sending.len() - cn.unsent }
