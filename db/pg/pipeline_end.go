package pg

import (
	"errors"

	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
	"github.com/jackc/pgx/v5/pgconn"
)

// fail closes the connection because of why and ends what was on its way.
func (cn *conn) fail(why error) {
	if cn.closed() {
		return
	}
	cn.close()
	c := cn.core
	c.counts.broken.Add(1)
	c.lostConns++
	total := cn.sending.len()
	known := shutdown(why)
	for i := range total {
		u := cn.sending.pop()
		// What was not written has not run. The server runs units in order, and
		// one that says that it shuts down rolls back the first and drops the
		// others; otherwise nobody knows.
		unwritten := i >= total-cn.unsent
		if u.kind == unitGroup {
			cn.lostGroup(&u, why, unwritten || known)
			continue
		}
		safe := unwritten || known && !(i == 0 && (u.complete || !u.repeatable()))
		cn.endLost(&u, why, safe)
	}
	cn.unsent = 0
	c.requeueParked(cn, why)
	if t := cn.writeCheck; t != nil {
		cn.writeCheck = nil
		t.resolve(c, true)
	}
	if s := cn.held; s != nil {
		s.broken(why)
	}
	c.openWanted()
}

// close gives the descriptor back and forgets the connection.
func (cn *conn) close() {
	c := cn.core
	cn.life, cn.group = connClosed, nil
	if cn.copying.copier != nil {
		cn.copying.copier.stop()
	}
	c.r.Disarm(&cn.timer)
	c.r.Disarm(&cn.splitter)
	cn.socket.Drop(&c.buffers)
	c.r.CloseFD(cn.socket.FD())
	c.r.ConnClosed()
	c.remove(cn)
}

// quit sends Terminate and closes.
func (cn *conn) quit() {
	if cn.closed() {
		return
	}
	cn.setBuffer(append(cn.buffer(), wire.Terminate...))
	cn.flush()
	if !cn.closed() {
		if cn.tls != nil {
			_ = cn.tls.CloseWrite()
			cn.encrypt()
			cn.socket.Flush(&cn.core.buffers)
		}
		cn.close()
		cn.core.requeueParked(cn, errReplaced)
	}
}

// endLost ends what a broken connection has not answered.
func (cn *conn) endLost(u *unit, why error, safe bool) {
	c := cn.core
	if u.q == nil || u.kind == unitPrepare {
		return
	}
	again := safe && cn.held == nil
	switch {
	case u.q.Op == driver.OpBegin: // nobody holds a transaction yet, and it has done nothing
		safe, again = true, true
	case cn.held != nil: // the transaction is rolled back, unless this was its COMMIT
		safe = safe || u.q.Op != driver.OpCommit && cn.held.tx
	}
	if again && !u.q.Cancelled() && u.q.Hook.State&flagRetried == 0 && u.q.Rewind() {
		u.q.Hook.State |= flagRetried
		c.runElsewhere(u.q)
		return
	}
	c.finish(u.q, brokenError(why, u.q.SQL, safe))
}

// runElsewhere runs q once more, as soon as everything else that this turn has brought is dealt with: what
// breaks one connection mostly breaks them all, and q must not be sent on one that is as dead as its own.
func (c *core) runElsewhere(q *driver.Query) {
	q.Hook.Holder = nil
	setState(q, stateNew)
	c.post(q)
}

// requeueParked runs the calls elsewhere that waited for statements on a connection
// that is gone. They have not run; but a statement that takes the server down when it
// is prepared must not do that again and again.
func (c *core) requeueParked(cn *conn, why error) {
	blamed := !errors.Is(why, errReplaced) && !shutdown(why)
	for _, s := range c.statements.bySQL {
		p := s.on[cn.slot]
		if p == nil {
			continue
		}
		s.on[cn.slot] = nil
		s.uses--
		list := p.waiting
		p.waiting = driver.Queue{}
		for q := list.Pop(); q != nil; q = list.Pop() {
			// With held, fail ends the session itself: it must not go on here.
			if cn.held != nil || blamed && q.Hook.State&flagRetried != 0 {
				c.finish(q, brokenError(why, q.SQL, true))
				continue
			}
			if blamed {
				q.Hook.State |= flagRetried
			}
			c.runElsewhere(q)
		}
	}
	cn.parked = 0
}

// lostGroup ends the queries of a group that a broken connection has not answered.
func (cn *conn) lostGroup(u *unit, why error, safe bool) {
	g := u.group
	cn.extra -= len(g.items) - 1
	for _, item := range g.items {
		cn.endLost(&unit{kind: unitQuery, q: item.q}, why, safe)
	}
	cn.core.freeGroup(g)
}

// shutdown tells whether the server ended the connection in an orderly way: the
// statement that ran is rolled back, those behind it were not looked at.
func shutdown(why error) bool {
	e, ok := errors.AsType[*pgconn.PgError](why)
	return ok && (e.Code == codeAdminShutdown || e.Code == "57P05" || e.Code == "25P03")
}
