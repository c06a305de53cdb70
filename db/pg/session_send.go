package pg

import (
	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
	"github.com/jackc/pgx/v5/pgconn"
)

// simple sends a simple query.
func (s *session) simple(q *driver.Query, sql string, step func(*session, *unit)) {
	cn := s.cn
	s.busy = true
	cn.setBuffer(wire.AppendSimple(cn.buffer(), sql))
	s.send(unit{kind: unitSimple, q: q, step: step})
}

func (s *session) send(u unit) {
	s.busy = true
	if u.q == nil {
		s.cn.push(u)
		return
	}
	s.cn.send(u)
}

// query runs one statement, or a script.
func (s *session) query(q *driver.Query) {
	if st := s.core.statement(q.SQL); st.traits.Script() {
		s.cn.setBuffer(wire.AppendSimple(s.cn.buffer(), st.script()))
		s.send(unit{kind: unitSimple, q: q, st: st, step: (*session).queried})
		return
	}
	r := s.runnableFor(q)
	if r.shape == nil {
		return
	}
	cn := s.cn
	before := cn.buffer()
	out, err := cn.bind(before, "", r, q)
	if err != nil {
		cn.setBuffer(out[:len(before)])
		if s.busy = true; !cn.renew(q, r) {
			s.failed(q, invalid(q, err))
		}
		return
	}
	out = append(out, wire.ExecuteAll...)
	cn.setBuffer(append(out, wire.Sync...))
	s.send(unit{kind: unitQuery, q: q, st: r.st, shape: r.shape, step: (*session).queried})
}

// plain runs pings and savepoints.
func (s *session) plain(q *driver.Query) {
	if q.Op == driver.OpPing {
		s.cn.setBuffer(append(s.cn.buffer(), wire.Sync...))
		s.send(unit{kind: unitSync, q: q, step: (*session).queried})
		return
	}
	s.simple(q, q.SQL, (*session).queried)
}

// runnableFor finds the shape of q's statement and holds it against the row type. A nil
// shape: q waits to be prepared, or has failed.
func (s *session) runnableFor(q *driver.Query) runnable {
	s.busy = true // if it has to wait
	r := s.cn.readyFor(q, s.core.statement(q.SQL))
	if r.shape == nil {
		return r
	}
	if err := q.Describe(r.shape.Description()); err != nil {
		if !s.cn.renew(q, r) {
			s.failed(q, err)
		}
		return runnable{}
	}
	return r
}

// queried ends a statement.
func (s *session) queried(u *unit) {
	s.busy = false
	s.since = s.core.r.Now()
	if s.tx && s.cn.status == 'I' && s.lost == nil {
		s.lost = errControl // u was a COMMIT or ROLLBACK: what follows would not be part of it
	}
	if u.q != nil {
		s.core.finish(u.q, s.outcome(u))
	}
	s.runNext()
}

// saved ends a SAVEPOINT; if it failed, so will what follows.
func (s *session) saved(*unit) {}

// outcome is the error of a unit. A statement whose prepared form is out of date
// cannot be repeated alone in a transaction of the user, but the transaction can.
func (s *session) outcome(u *unit) error {
	err := s.cn.outcome(u)
	if e, ok := u.err.(*pgconn.PgError); ok {
		s.cn.dropStale(u, e, u.fit(e))
	}
	return err
}
