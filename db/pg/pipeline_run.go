package pg

import (
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
)

// run sends q, which has no connection of its own, on this one. s is its
// statement; nil for batches and pings.
func (cn *conn) run(q *driver.Query, s *statement) {
	switch {
	case q.Op == driver.OpPing:
		cn.setBuffer(append(cn.buffer(), wire.Sync...))
		cn.send(unit{kind: unitSync, q: q})
	case q.Op == driver.OpBatch:
		if cn.readyForBatch(q) {
			cn.sendBatch(q)
		}
	case s.traits.Script():
		cn.setBuffer(wire.AppendSimple(cn.buffer(), s.script()))
		cn.send(unit{kind: unitSimple, q: q, st: s})
	default:
		if r := cn.readyFor(q, s); r.shape != nil {
			cn.execute(q, r)
		}
	}
}

// send pushes the unit of a query.
func (cn *conn) send(u unit) {
	u.q.Hook.Holder = cn
	setState(u.q, stateSent)
	if u.st != nil && u.st.traits.Timeout {
		cn.noteForeignLimit()
	}
	cn.push(u)
}

// runnable is a statement on a connection: what it takes to bind it.
//
// Owner: reactor.
type runnable struct {
	st    *statement
	prep  *prepared   // nil behind a pooler: it is parsed every time
	shape *wire.Shape // nil: not prepared yet
}

// readyFor returns s as it can be run here. While it is not prepared, q waits for
// it and the shape is nil.
func (cn *conn) readyFor(q *driver.Query, s *statement) runnable {
	if cn.unnamed && s.last != nil {
		return runnable{s, nil, s.last}
	}
	p := s.on[cn.slot]
	if cn.unnamed && p != nil && p.shape != nil {
		cn.deallocate(s, p) // from before
		p = nil
	}
	switch {
	case p == nil:
		cn.prepare(s, q)
		return runnable{}
	case p.shape == nil:
		cn.await(p, q)
		return runnable{}
	}
	return runnable{s, p, p.shape}
}

// renew has a statement described again, because it seems not to fit the call:
// the table may have changed. False: that has been done for this very call.
func (cn *conn) renew(q *driver.Query, r runnable) bool {
	if q.Hook.State&flagFresh != 0 {
		return false
	}
	if r.prep != nil {
		cn.deallocate(r.st, r.prep)
	}
	cn.prepare(r.st, q)
	return true
}

// execute sends Bind, Execute and Sync.
func (cn *conn) execute(q *driver.Query, r runnable) {
	c := cn.core
	if err := q.Describe(r.shape.Description()); err != nil {
		if !cn.renew(q, r) {
			c.finish(q, err)
		}
		return
	}
	grouped := cn.groups(q, r)
	if !grouped {
		cn.closeGroup()
	}
	before := cn.rawBuffer()
	out, err := cn.bind(before, "", r, q)
	if err != nil {
		cn.setBuffer(out[:len(before)])
		if !cn.renew(q, r) {
			c.finish(q, invalid(q, err))
		}
		return
	}
	out = append(out, wire.ExecuteAll...)
	if grouped {
		cn.join(q, r, out)
		return
	}
	cn.setBuffer(append(out, wire.Sync...))
	cn.send(unit{kind: unitQuery, q: q, st: r.st, shape: r.shape})
}

// bind appends what binds q's parameters to a portal. Behind a pooler the
// statement is parsed along with it, for the types that the parameters come in,
// and its rows are described: nothing else tells when the table was made anew.
func (cn *conn) bind(dst []byte, portal string, r runnable, q *driver.Query) ([]byte, error) {
	name := unnamed
	if r.prep != nil {
		name = r.prep.name
	} else {
		dst = wire.AppendParse(dst, unnamed, r.st.sql, r.shape.Params())
	}
	before := len(dst)
	dst, err := r.shape.AppendBind(dst, portal, name, q)
	if err == nil && len(dst)-before > maxSent {
		err = errTooLong
	}
	if r.prep == nil {
		dst = wire.AppendDescribePortal(dst, portal)
	}
	return dst, err
}

var unnamed = []byte{0}

// readyForBatch sees to it that all statements of a batch are prepared and fit;
// false: q waits for one of them, or has ended.
func (cn *conn) readyForBatch(q *driver.Query) bool {
	c := cn.core
	for i, item := range q.Items {
		s := c.statement(item.SQL)
		r := cn.readyFor(q, s)
		if r.shape == nil {
			c.pin(q)
			return false
		}
		if err := item.Describe(r.shape.Description()); err != nil {
			c.pin(q)
			if !cn.renew(q, r) {
				cn.endUnsent(q, &db.BatchError{Index: i, SQL: item.SQL, Err: err})
			}
			return false
		}
	}
	return true
}

// endUnsent finishes q, which this connection was given, without having sent it.
func (cn *conn) endUnsent(q *driver.Query, err error) {
	if cn.held != nil {
		cn.held.failed(q, err)
		return
	}
	cn.core.finish(q, err)
}

// sendBatch sends all statements of a batch with one Sync: they are one implicit
// transaction, unless there is one already. False: q has ended.
func (cn *conn) sendBatch(q *driver.Query) bool {
	before := cn.buffer()
	out := before
	shapes := make([]*wire.Shape, len(q.Items))
	u := unit{kind: unitBatch, q: q, shapes: shapes, repeats: true, reads: true}
	for i, item := range q.Items {
		s := cn.core.statement(item.SQL)
		r := cn.readyFor(q, s)
		var err error
		if out, err = cn.bind(out, "", r, item); err != nil {
			cn.setBuffer(out[:len(before)])
			cn.core.pin(q)
			if !cn.renew(q, r) {
				cn.endUnsent(q, &db.BatchError{Index: i, SQL: item.SQL, Err: invalid(item, err)})
			}
			return false
		}
		out = append(out, wire.ExecuteAll...)
		shapes[i] = r.shape
		u.repeats, u.reads = u.repeats && s.traits.Repeatable, u.reads && s.traits.Reads
		if s.traits.Timeout {
			cn.noteForeignLimit()
		}
	}
	cn.setBuffer(append(out, wire.Sync...))
	cn.send(u)
	return true
}

// noteForeignLimit notes that the time limit here is not ours any more: the pool does not end
// what it allows. In a transaction that is mostly SET LOCAL, so it is until its end.
func (cn *conn) noteForeignLimit() {
	if cn.held != nil {
		cn.held.foreignLimit = true
		return
	}
	cn.foreignLimit = true
}
