package pg

import "github.com/fasterapi/fasterapi/db/driver"

// savepoint is what a batch inside a transaction goes back to.
const savepoint = "fasterapi_batch"

// batch runs a batch that has this connection alone. In a transaction of the user
// the savepoint comes first: preparing a statement may fail as well.
func (s *session) batch(q *driver.Query) {
	if s.tx && !s.marked {
		s.marked = true
		s.simple(nil, "SAVEPOINT "+savepoint, (*session).saved)
	}
	s.busy = true
	if !s.cn.readyForBatch(q) {
		return
	}
	if s.cn.sendBatch(q) {
		s.cn.sending.at(s.cn.sending.len() - 1).step = (*session).batched
	}
}

// batched ends the statements of a batch.
func (s *session) batched(u *unit) {
	s.busy = false
	q := u.q
	err := error(nil)
	if q != nil {
		if !s.tx && u.mayRunAgain(s.cn) {
			s.repeat(q)
			return
		}
		if err = s.outcome(u); err == nil {
			err = itemError(q)
		}
	}
	failed := err != nil || u.err != nil || q == nil
	switch {
	case !s.tx && failed:
		s.rollback(q, err)
	case !s.tx:
		s.simple(q, "COMMIT", (*session).committed)
	case failed:
		s.undo(q, err)
	default:
		s.marked = false
		s.simple(q, "RELEASE SAVEPOINT "+savepoint, (*session).queried)
	}
}
