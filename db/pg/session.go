package pg

import (
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/jackc/pgx/v5/pgconn"
)

// entry is a session in a hook.
//
// Owner: reactor.
type entry struct {
	s     *session
	first *driver.Query // what the user began with; nil: none, or its caller has left
	after bool          // the hook is AfterUse
}

// allowed tells whether a hook may run q.
func (e *entry) allowed(q *driver.Query) bool {
	switch q.Op {
	case driver.OpOne, driver.OpQuery, driver.OpExec, driver.OpPing:
		return true
	}
	return false
}

// newSession takes a connection for one user.
func newSession(cn *conn) *session {
	s := &session{core: cn.core, cn: cn, since: cn.core.r.Now()}
	cn.core.stir()
	cn.held, cn.reserve = s, false
	cn.core.sessions++
	cn.core.b.active.Add(1)
	return s
}

// Start implements driver.Session. Any goroutine.
func (s *session) Start(q *driver.Query) {
	c := s.core
	q.Hook.Holder = s
	q.Hook.Core.Store(c.id)
	c.b.active.Add(1)
	if site := q.Site(); site.Direct && site.Scheduler == async.Scheduler(c.r) {
		s.take(q)
		return
	}
	c.post(q)
}

// begin starts the session with the query that asked for it.
func (s *session) begin(q *driver.Query) {
	s.tx, s.readOnly = q.Op == driver.OpBegin, q.ReadOnly
	if s.tx {
		s.site, _ = q.Hook.Data.(*site)
		s.simple(q, beginSQL(q.Isolation, q.ReadOnly), (*session).begun)
		return
	}
	sql := "BEGIN"
	s.simple(nil, sql, (*session).opened)
	s.busy = false // what follows does not wait for the answer
	s.dispatch(q)
}

func beginSQL(level db.Isolation, readOnly bool) string {
	sql := "BEGIN"
	switch level {
	case db.ReadCommitted:
		sql += " ISOLATION LEVEL READ COMMITTED"
	case db.RepeatableRead:
		sql += " ISOLATION LEVEL REPEATABLE READ"
	case db.Serializable:
		sql += " ISOLATION LEVEL SERIALIZABLE"
	}
	if readOnly {
		sql += " READ ONLY"
	}
	return sql
}

// take queues a query of the holder.
func (s *session) take(q *driver.Query) {
	if s.over {
		s.core.finish(q, s.overError())
		return
	}
	if _, _, err := s.core.admit(q, s.tx); err != nil {
		s.core.finish(q, err)
		return
	}
	q.Hook.Holder = s
	setState(q, stateHeld)
	s.queue.Push(q)
	s.runNext()
}

// overError is the error of queries that come after the end.
func (s *session) overError() error {
	if s.lost != nil {
		return s.lost
	}
	return db.ErrTxDone
}

// runNext runs what comes next, unless something is on its way, or a cancel request
// is that must not hit it.
func (s *session) runNext() {
	for !s.busy && !s.over && s.cn.cancels == 0 {
		q := s.queue.Pop()
		if q == nil {
			return
		}
		q.Hook.Holder = nil
		s.dispatch(q)
	}
}

// dispatch runs one query.
func (s *session) dispatch(q *driver.Query) {
	s.since = s.core.r.Now()
	if q.SQL != "" {
		s.lastSQL = q.SQL
	}
	switch {
	case s.entry != nil && !s.entry.allowed(q):
		s.failed(q, errHookOp)
	case q.Op == driver.OpCommit:
		s.commit(q)
	case q.Op == driver.OpRollback:
		s.rollback(q, nil)
	case q.Op == driver.OpStop:
		s.stop(q)
	case q.Cancelled():
		s.failed(q, q.Cause())
	case s.lost != nil:
		s.failed(q, s.lost)
	case q.Op == driver.OpFetch:
		s.fetch(q)
	case q.Op == driver.OpStream:
		s.stream(q)
	case q.Op == driver.OpBatch:
		s.batch(q)
	case q.Op == driver.OpCustom:
		s.copy(q)
	case q.Op == driver.OpPing, q.Op == driver.OpSavepoint:
		s.plain(q)
	default:
		s.query(q)
	}
}

// begun ends OpBegin.
func (s *session) begun(u *unit) {
	s.busy = false
	if u.err != nil {
		s.end()
		s.core.finish(u.q, s.cn.outcome(u))
		return
	}
	u.q.Hold(s)
	s.core.finish(u.q, nil)
	s.runNext()
}

// opened ends the BEGIN of a stream or a batch; what follows is on its way.
func (s *session) opened(u *unit) {
	if u.err != nil {
		s.lost = serverError(u.err.(*pgconn.PgError), "BEGIN")
	}
}

// prepared goes on with q, whose statement is prepared now.
func (s *session) prepared(q *driver.Query) {
	s.busy = false
	s.dispatch(q)
	s.runNext()
}
