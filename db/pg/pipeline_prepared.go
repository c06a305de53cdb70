package pg

import (
	"slices"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
	"github.com/jackc/pgx/v5/pgconn"
)

// described ends a unitPrepare: what waited for it runs, or fails with it.
func (cn *conn) described(u *unit) {
	s, p, c := u.st, u.prep, cn.core
	if u.err == nil {
		c.types.Learn(u.draft.asks, u.draft.found)
		if cn.askTypes(u) {
			return // described comes again
		}
	}
	list := p.waiting
	p.waiting = driver.Queue{}
	cn.parked -= list.Len()
	if u.err != nil {
		if s.on[cn.slot] == p {
			s.on[cn.slot] = nil
			s.uses--
		}
		code := u.err.(*pgconn.PgError).Code
		if u.draft.parsed || code == codeDuplicate {
			cn.closeName(p)
		}
		for q := list.Pop(); q != nil; q = list.Pop() {
			q.Hook.Holder = nil
			cn.notPrepared(q, u)
		}
		return
	}
	before := s.last
	p.shape = c.shapeOf(s, u.draft)
	if before != nil && p.shape != before {
		c.outdate(s, p)
	}
	if cn.unnamed && s.on[cn.slot] == p {
		s.on[cn.slot] = nil // the server forgets it, the shape is kept
		s.uses--
	}
	for q := list.Pop(); q != nil; q = list.Pop() {
		q.Hook.Holder = nil
		q.Hook.State |= flagFresh
		switch {
		case errorStands(q, s, p.shape):
			cn.endUnsent(q, q.Hook.Data.(*pendingError).err)
		case q.Cancelled() && cn.held == nil:
			c.finish(q, q.Cause())
		case cn.held != nil:
			cn.held.prepared(q)
		case cn.load() > 0 && cn.blocked(c.r.Now()):
			c.runAgain(q) // not behind one that may take a minute
		default:
			cn.run(q, c.statementOf(q))
		}
	}
}

// askTypes asks for the types of a description that the core does not know; false:
// there are none.
func (cn *conn) askTypes(u *unit) bool {
	oids := cn.core.types.Unknown(u.draft.params, u.draft.columns)
	if len(oids) == 0 {
		return false
	}
	cn.setBuffer(wire.AppendSimple(cn.buffer(), wire.TypeQuery(oids)))
	next := *u.draft
	next.asks, next.found = oids, nil
	cn.push(unit{kind: unitPrepare, st: u.st, prep: u.prep, draft: &next})
	return true
}

// outdate drops the forms of s that were prepared before its shape became that of
// now.
func (c *core) outdate(s *statement, now *prepared) {
	for _, cn := range c.conns {
		if p := s.on[cn.slot]; p != nil && p.shape != nil && p.shape != now.shape {
			cn.deallocate(s, p)
		}
	}
}

// notPrepared ends q, whose statement the server would not prepare.
func (cn *conn) notPrepared(q *driver.Query, u *unit) {
	c := cn.core
	e := u.err.(*pgconn.PgError)
	var err error = serverError(e, u.st.sql)
	if q.Op == driver.OpBatch {
		i := slices.IndexFunc(q.Items, func(item *driver.Query) bool { return item.SQL == u.st.sql })
		err = &db.BatchError{Index: i, SQL: u.st.sql, Err: err}
	}
	if e.Code == codeDuplicate {
		cn.stopNaming(e)
	}
	mayAgain := !q.Cancelled() && q.Hook.State&flagRetried == 0
	switch {
	case cn.held != nil:
		cn.held.failed(q, err)
	case mayAgain && (e.Code == codeDuplicate || e.Code == codeCancelled && cn.cancelledByNeighbour(e)):
		q.Hook.State |= flagRetried
		c.runAgain(q)
	default:
		c.finish(q, err)
	}
}

// shapeOf makes the shape of a statement from its description; an equal one that
// is known is used again, with the row plans compiled for it.
func (c *core) shapeOf(s *statement, d *draft) *wire.Shape {
	if s.last == nil || !s.last.Is(d.params, d.columns) {
		s.last = c.types.Shape(d.params, d.columns)
	}
	return s.last
}
