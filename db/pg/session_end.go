package pg

import (
	"errors"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/jackc/pgx/v5/pgconn"
)

// failed ends q without having sent it, or having found that it cannot succeed.
func (s *session) failed(q *driver.Query, err error) {
	s.busy = false
	if s.entry != nil {
		s.core.finish(q, err)
		s.runNext()
		return
	}
	if !s.tx {
		s.rollback(q, err)
		return
	}
	if s.marked {
		s.undo(q, err)
		return
	}
	s.core.finish(q, err)
	s.runNext()
}

func (s *session) commit(q *driver.Query) {
	switch {
	case s.lost != nil:
		s.rollback(q, s.lost)
	case q.Doom() != nil:
		s.rollback(q, q.Doom())
	case q.Op == driver.OpCommit && q.Cancelled():
		s.rollback(q, q.Cause())
	default:
		s.simple(q, "COMMIT", (*session).committed)
	}
}

// committed ends the session after a COMMIT.
func (s *session) committed(u *unit) {
	err := error(nil)
	switch {
	case u.err != nil:
		err = serverError(u.err.(*pgconn.PgError), "COMMIT")
	case u.aborted:
		err = &db.Error{Kind: db.Other, Code: "25P02", Message: "the transaction was rolled back because one of its statements had failed", SQL: "COMMIT"}
	}
	s.end()
	if u.q != nil {
		s.core.finish(u.q, err)
	}
}

// rollback ends the session; q, if there is one, ends with err.
func (s *session) rollback(q *driver.Query, err error) {
	s.result = err
	s.simple(q, "ROLLBACK", (*session).rolledBack)
}

func (s *session) rolledBack(u *unit) {
	s.end()
	if u.q != nil {
		s.core.finish(u.q, s.result)
	}
}

// undo takes a batch back that failed with err.
func (s *session) undo(q *driver.Query, err error) {
	s.marked, s.result = false, err
	s.simple(q, "ROLLBACK TO SAVEPOINT "+savepoint+"; RELEASE SAVEPOINT "+savepoint, (*session).undone)
}

func (s *session) undone(u *unit) {
	s.busy = false
	if u.q != nil {
		s.core.finish(u.q, s.result)
	}
	s.runNext()
}

// end gives the connection back.
func (s *session) end() {
	cn := s.cn
	s.close(db.ErrTxDone)
	cn.held = nil
	if cn.status != 'I' {
		cn.fail(errOpenTx)
		return
	}
	if !s.runAfterUse() {
		cn.released()
	}
}

// close ends what is queued and counts the session as gone.
func (s *session) close(why error) {
	s.over, s.busy = true, false
	for q := s.queue.Pop(); q != nil; q = s.queue.Pop() {
		s.core.finish(q, why)
	}
	if e := s.entry; e != nil && e.first != nil {
		s.core.finish(e.first, why)
		e.first = nil
	}
	s.core.sessions--
	s.core.b.leave()
}

// broken is called when the connection is gone. A transaction that had not been
// committed has not happened.
func (s *session) broken(why error) {
	if s.over {
		return
	}
	s.lost = brokenError(why, "", s.tx || s.entry != nil)
	s.close(s.lost)
	s.cn.held = nil
}

// repeat runs q, whose session is its own, once more after its rollback.
func (s *session) repeat(q *driver.Query) {
	s.simple(q, "ROLLBACK", (*session).repeated)
}

func (s *session) repeated(u *unit) {
	s.end()
	if u.q != nil {
		s.core.runAgain(u.q)
	}
}

// errOpenTx: a transaction was ended, and yet is not.
var errOpenTx = errors.New("the transaction did not end")
