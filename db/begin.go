package db

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db/driver"
)

// Begin returns a transaction that begins with its first statement, and the function that
// ends it: for those who hear elsewhere how the work has ended, such as a provider of a
// web framework. Where a closure will do, [Pool.Tx] is safer: it cannot be forgotten.
//
//	app.ProvideWithOutcome(func(c *fasterapi.Ctx, in struct {
//		DB *db.Pool `inject:""`
//	}) (*db.Tx, func(error) error, error) {
//		tx, end := in.DB.Begin(c, db.TxOptions{})
//		return tx, end, nil
//	})
//
// end must be called, once, when everything that uses tx has returned; later use of tx is
// [ErrTxDone], and so is a second end. It waits, on a goroutine or in a coroutine; in a chain
// on the reactor it rolls back and returns [async.ErrWouldBlock]. A transaction that was never used has taken no
// connection, and end does nothing.
//
// end(nil) commits. What it returns tells HTTP servers what has happened: 503 with
// Retry-After when the transaction is certainly undone and may be run again (a serialization failure,
// a busy database, one of its statements was left behind), 409 when a deferred
// constraint was violated, and nothing when nobody can know (docs/decisions/0014). When ctx has
// ended it rolls back and returns the cause; a commit that is on its way is not cancelled.
//
// end(outcome) with an error rolls back. It returns nil, or outcome wrapped so that
// HTTP servers answer with 503 and Retry-After, when the database has asked to run the transaction
// again. Nobody runs it again here: TxOptions.Retries is not looked at.
func (p *Pool) Begin(ctx context.Context, opts TxOptions) (tx *Tx, end func(outcome error) error) {
	s := &lateSession{pool: p, ctx: ctx, opts: opts}
	tx = &Tx{}
	tx.driver, tx.session, tx.part, tx.shutErr = p.driver, s, &part{}, ErrTxDone
	return tx, func(outcome error) error { return tx.finish(ctx, s, outcome) }
}

// finish ends a transaction of Begin.
func (t *Tx) finish(ctx context.Context, s *lateSession, outcome error) error {
	if t.shut.Swap(true) {
		return ErrTxDone
	}
	if s.close() {
		return nil
	}
	if site := async.SiteOf(ctx); site.Direct && site.Coroutine == nil { // nobody would hear the outcome
		drop(t.driver, t.session, driver.OpRollback)
		return async.ErrWouldBlock
	}
	done := context.WithoutCancel(ctx) // an outcome on its way is awaited
	failed := outcome
	if failed == nil && ctx.Err() != nil {
		failed = context.Cause(ctx)
	}
	if failed == nil {
		_, err := t.end(done, driver.OpCommit).Await(done)
		return commitError(err)
	}
	// It waits so that the connection is free when the client hears of it; a connection
	// that cannot roll back is closed by its driver.
	_, _ = t.end(done, driver.OpRollback).Await(done)
	if outcome == nil {
		return failed
	}
	if e, ok := errors.AsType[*Error](outcome); ok && e.Retry && e.Kind != Unavailable { // that says so itself
		return unavailable{outcome}
	}
	return nil
}

// commitError is the error of a commit with the status that HTTP servers answer with.
func commitError(err error) error {
	e, ok := errors.AsType[*Error](err)
	switch {
	case !ok:
		return err
	case e.Retry && e.Kind != Unavailable:
		return unavailable{err}
	case e.Kind == UniqueViolation, e.Kind == ForeignKeyViolation, e.Kind == CheckViolation, e.Kind == NotNullViolation:
		return conflict{err}
	}
	return err
}

// conflict makes the error of a commit that a deferred constraint has refused a 409.
//
// Owner: any (immutable once made).
type conflict struct{ err error }

func (c conflict) Error() string { return c.err.Error() }
func (c conflict) Unwrap() error { return c.err }
func (conflict) HTTPStatus() int { return http.StatusConflict }

// lateSession is the session of a transaction that begins with its first query. Those
// that come before it has begun wait here.
//
// Owner: mu. pool, ctx, opts: immutable.
type lateSession struct {
	pool *Pool
	ctx  context.Context
	opts TxOptions

	mu      sync.Mutex
	phase   latePhase
	session driver.Session  // once begun
	why     error           // there is none
	waiting []*driver.Query // while it begins
}

type latePhase uint8

const (
	lateUnused latePhase = iota
	lateBeginning
	lateBegun
	lateFailed // or never used
)

// Start implements [driver.Session].
func (s *lateSession) Start(q *driver.Query) {
	s.mu.Lock()
	switch s.phase {
	case lateUnused:
		s.phase, s.waiting = lateBeginning, append(s.waiting, q)
		s.mu.Unlock()
		s.pool.hold(s.ctx, s.opts).OnDone(func(h held, err error) { s.begun(h.session, err) })
	case lateBeginning:
		s.waiting = append(s.waiting, q)
		s.mu.Unlock()
	case lateBegun:
		session := s.session
		s.mu.Unlock()
		session.Start(q)
	default:
		s.mu.Unlock()
		s.refuse(q)
	}
}

// close makes an unused session one that will not begin any more, and reports true.
func (s *lateSession) close() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase != lateUnused {
		return false
	}
	s.phase, s.why = lateFailed, ErrTxDone
	return true
}

// begun starts what has waited, in its order: what comes meanwhile waits too. The lock is
// not held while a query is started, because that may run code of users.
func (s *lateSession) begun(session driver.Session, err error) {
	s.mu.Lock()
	s.session, s.why = session, err
	for len(s.waiting) > 0 {
		q := s.waiting[0]
		s.waiting = s.waiting[1:]
		s.mu.Unlock()
		if err != nil {
			s.refuse(q)
		} else {
			session.Start(q)
		}
		s.mu.Lock()
	}
	s.waiting = nil
	if s.phase = lateBegun; err != nil {
		s.phase = lateFailed
	}
	s.mu.Unlock()
}

// refuse finishes a query of a transaction that has not begun: a rollback with success,
// all else with the reason.
func (s *lateSession) refuse(q *driver.Query) {
	if q.Op == driver.OpRollback {
		q.Finish(nil)
		return
	}
	q.Unsent()
	q.Finish(s.why)
}

// hold gets a connection and starts a transaction on it.
func (p *Pool) hold(ctx context.Context, opts TxOptions) async.Future[held] {
	q, err := p.query(ctx, driver.OpBegin, "", nil)
	if err != nil {
		return async.Failed[held](err)
	}
	q.Isolation, q.ReadOnly = opts.Isolation, opts.ReadOnly
	promise, future := async.NewPromise[held](q.Site().Scheduler)
	launch(q, promise, &beginSink{promise: promise, driver: p.driver}, nil, nil)
	return future
}
