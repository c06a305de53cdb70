package pg

import (
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
	"github.com/jackc/pgx/v5/pgconn"
)

// liftLimit ends the time limit of statements in this transaction, for a COPY, and
// keeps it in a setting of ours; restoreLimit brings it back. When the COPY fails
// so does the transaction, or a savepoint is gone back to, which restores both.
const (
	liftLimit = "SELECT pg_catalog.set_config('fasterapi.statement_timeout', pg_catalog.current_setting('statement_timeout'), true)," +
		" pg_catalog.set_config('statement_timeout', '0', true)"
	restoreLimit = "SELECT pg_catalog.set_config('statement_timeout', pg_catalog.current_setting('fasterapi.statement_timeout'), true)"
)

// copy starts a COPY on the session.
func (s *session) copy(q *driver.Query) {
	source, ok := q.Hook.Data.(*copySource)
	if !ok {
		s.failed(q, &db.Error{Kind: db.Invalid, Message: "this driver does not know the operation"})
		return
	}
	st := s.core.statement(source.types())
	s.busy = true
	r := s.cn.readyFor(q, st)
	if r.shape == nil || s.cn.renew(q, r) {
		return // this statement never runs, so no error would tell that it is out of date
	}
	if s.core.cfg.StatementTimeout > 0 {
		s.simple(nil, liftLimit, (*session).saved) // a load is long; its context limits it
	}
	s.cn.copying.copier = newCopier(s.cn, source, r.shape.ColumnTypes())
	s.cn.setBuffer(wire.AppendSimple(s.cn.buffer(), q.SQL))
	s.send(unit{kind: unitCopy, q: q, step: (*session).copied})
}

// copyBegan takes a CopyInResponse: the rows may come.
func (cn *conn) copyBegan(u *unit) error {
	if u.kind != unitCopy || cn.copying.copier == nil {
		return cn.refuseCopy(u)
	}
	if u.abandoned {
		cn.setBuffer(wire.AppendCopyFail(cn.buffer(), "cancelled"))
		cn.flushLater()
		return nil
	}
	go cn.copying.copier.run()
	return nil
}

// refuseCopy ends a COPY FROM STDIN that was sent as a statement. In the extended
// protocol the server has passed over our Sync (section 55.2.6 of its manual,
// "COPY Operations"), so it gets another one. Nothing is behind: a statement is new
// or a script, and those are waited for.
func (cn *conn) refuseCopy(u *unit) error {
	if cn.awaited() > 1 || cn.unsent > 0 {
		return errCopy
	}
	u.refused = true
	cn.setBuffer(wire.AppendCopyFail(cn.buffer(), "use pg.CopyFrom"))
	if u.kind != unitSimple {
		cn.setBuffer(append(cn.buffer(), wire.Sync...))
	}
	cn.flushLater()
	return nil
}

// copied ends a COPY.
func (s *session) copied(u *unit) {
	s.busy = false
	k := s.cn.copying.copier
	s.cn.copying = copying{}
	k.stop()
	var err error
	if u.err != nil {
		e := serverError(u.err.(*pgconn.PgError), "COPY")
		e.Retry = e.Retry || s.cn.refusedWrite(u)
		err = e
		if k.err != nil {
			err = k.err // the server only repeats that we gave up
		}
	}
	q := u.q
	switch {
	case s.tx && err == nil && u.err == nil && s.core.cfg.StatementTimeout > 0:
		s.simple(nil, restoreLimit, (*session).queried)
		if q != nil {
			s.core.finish(q, nil)
		}
	case s.tx && q != nil:
		s.core.finish(q, err)
		s.runNext()
	case s.tx:
		s.runNext()
	case q == nil || err != nil:
		s.rollback(q, err)
	default:
		s.simple(q, "COMMIT", (*session).committed)
	}
}
