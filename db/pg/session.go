package pg

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
	"github.com/jackc/pgx/v5/pgconn"
)

// session is a connection that one user holds: a transaction, a stream, or a
// batch whose rows decide about its success. Its queries run one after another.
//
// Owner: reactor.
type session struct {
	core         *core
	cn           *conn
	tx           bool    // a transaction of the user; else one statement's own
	queue        queue   // what comes next
	busy         bool    // something is on its way
	over         bool    // the connection is somebody else's
	lost         error   // why there is nothing left to commit
	result       error   // how the query that ends the session ends
	cursor       *cursor // of the portion that is on its way
	cursors      int     // portal names given out
	foreignLimit bool    // one of its statements has changed the time limit
	marked       bool    // the savepoint of a batch is set, or on its way

	readOnly bool            // its user wants no writes
	entry    *entry          // it is in a hook
	ctx      context.Context // of its user, for AfterUse; nil: there is no such hook

	since   time.Time // when it last did something
	lastSQL string
	site    *site
	leaked  bool
}

// errOpenTx: a transaction was ended, and yet is not.
var errOpenTx = errors.New("the transaction did not end")

// newSession takes a connection for one user.
func newSession(cn *conn) *session {
	s := &session{core: cn.core, cn: cn, since: cn.core.r.Now()}
	cn.held, cn.reserve = s, false
	cn.core.sessions++
	cn.core.b.active.Add(1)
	return s
}

// Start implements db.Session. Any goroutine.
func (s *session) Start(q *db.Query) {
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
func (s *session) begin(q *db.Query) {
	s.tx, s.readOnly = q.Op == db.OpBegin, q.Tx.ReadOnly
	if s.tx {
		s.site, _ = q.Hook.Data.(*site)
		s.simple(q, beginSQL(q.Tx), (*session).begun)
		return
	}
	sql := "BEGIN"
	s.simple(nil, sql, (*session).opened)
	s.busy = false // what follows does not wait for the answer
	s.dispatch(q)
}

func beginSQL(o db.TxOptions) string {
	sql := "BEGIN"
	switch o.Isolation {
	case db.ReadCommitted:
		sql += " ISOLATION LEVEL READ COMMITTED"
	case db.RepeatableRead:
		sql += " ISOLATION LEVEL REPEATABLE READ"
	case db.Serializable:
		sql += " ISOLATION LEVEL SERIALIZABLE"
	}
	if o.ReadOnly {
		sql += " READ ONLY"
	}
	return sql
}

// take queues a query of the holder.
func (s *session) take(q *db.Query) {
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
	s.queue.push(q)
	s.runNext()
}

// overError is the error of what comes after the end.
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
		q := s.queue.pop()
		if q == nil {
			return
		}
		q.Hook.Holder = nil
		s.dispatch(q)
	}
}

// dispatch runs one query.
func (s *session) dispatch(q *db.Query) {
	s.since = s.core.r.Now()
	if q.SQL != "" {
		s.lastSQL = q.SQL
	}
	switch {
	case s.entry != nil && !s.entry.allowed(q):
		s.failed(q, errHookOp)
	case q.Op == db.OpCommit:
		s.commit(q)
	case q.Op == db.OpRollback:
		s.rollback(q, nil)
	case q.Op == db.OpStop:
		s.stop(q)
	case q.Cancelled():
		s.failed(q, q.Cause())
	case s.lost != nil:
		s.failed(q, s.lost)
	case q.Op == db.OpFetch:
		s.fetch(q)
	case q.Op == db.OpStream:
		s.stream(q)
	case q.Op == db.OpBatch:
		s.batch(q)
	case q.Op == db.OpCustom:
		s.copy(q)
	case q.Op == db.OpPing, q.Op == db.OpSavepoint:
		s.plain(q)
	default:
		s.query(q)
	}
}

// simple sends a simple query.
func (s *session) simple(q *db.Query, sql string, step func(*session, *unit)) {
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

// plain runs pings and savepoints.
func (s *session) plain(q *db.Query) {
	if q.Op == db.OpPing {
		s.cn.setBuffer(append(s.cn.buffer(), wire.Sync...))
		s.send(unit{kind: unitSync, q: q, step: (*session).queried})
		return
	}
	s.simple(q, q.SQL, (*session).queried)
}

// query runs one statement, or a script.
func (s *session) query(q *db.Query) {
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

// runnableFor finds the shape of q's statement and holds it against the row type. A nil
// shape: q waits to be prepared, or has failed.
func (s *session) runnableFor(q *db.Query) runnable {
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

// prepared goes on with q, whose statement is prepared now.
func (s *session) prepared(q *db.Query) {
	s.busy = false
	s.dispatch(q)
	s.runNext()
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

// outcome is the error of a unit. A statement whose prepared form is out of date
// cannot be repeated alone in a transaction of the user, but the transaction can.
func (s *session) outcome(u *unit) error {
	err := s.cn.outcome(u)
	if e, ok := u.err.(*pgconn.PgError); ok {
		s.cn.dropStale(u, e, u.fit(e))
	}
	return err
}

// repeat runs q, whose session is its own, once more after its rollback.
func (s *session) repeat(q *db.Query) {
	s.simple(q, "ROLLBACK", (*session).repeated)
}

func (s *session) repeated(u *unit) {
	s.end()
	if u.q != nil {
		s.core.runAgain(u.q)
	}
}

// failed ends q without having sent it, or having found that it cannot succeed.
func (s *session) failed(q *db.Query, err error) {
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

func (s *session) commit(q *db.Query) {
	switch {
	case s.lost != nil:
		s.rollback(q, s.lost)
	case q.Doom() != nil:
		s.rollback(q, q.Doom())
	case q.Op == db.OpCommit && q.Cancelled():
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
func (s *session) rollback(q *db.Query, err error) {
	s.result = err
	s.simple(q, "ROLLBACK", (*session).rolledBack)
}

func (s *session) rolledBack(u *unit) {
	s.end()
	if u.q != nil {
		s.core.finish(u.q, s.result)
	}
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
	for q := s.queue.pop(); q != nil; q = s.queue.pop() {
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

// portalName names the portals of a session.
func (s *session) portalName() string {
	s.cursors++
	return "c" + strconv.Itoa(s.cursors)
}
