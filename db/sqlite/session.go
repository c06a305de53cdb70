package sqlite

import (
	"github.com/fasterapi/fasterapi/db"
)

// session is a worker that serves one holder only: a transaction, or the reader
// of a stream. Its queries run one after another.
//
// Owner: its worker. queue and over: the driver's mu.
type session struct {
	worker  *worker
	tx      bool
	lost    error // the transaction has ended already, without a commit
	cursors []*cursor
	wake    chan struct{}
	queue   queue
	over    bool
}

// cursor is an open stream.
//
// Owner: its session's worker.
type cursor struct {
	session *session
	stmt    *statement
	err     error // why it was closed before its end
	closed  bool
}

func newSession(w *worker, tx bool) *session {
	return &session{worker: w, tx: tx, wake: make(chan struct{}, 1)}
}

// Start implements db.Session.
func (s *session) Start(q *db.Query) {
	d := s.worker.driver
	d.mu.Lock()
	var err error
	switch {
	case s.over:
		err = db.ErrTxDone
	case q.Cancelled() && !endsSession(q.Op):
		err = q.Cause()
	}
	if err != nil {
		d.count(q, err)
		d.mu.Unlock()
		q.Finish(err)
		return
	}
	s.queue.push(q)
	d.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Start implements db.Session for the rest of a stream.
func (c *cursor) Start(q *db.Query) {
	q.Hook.Data = c
	c.session.Start(q)
}

// next waits for the holder's next query; nil when the driver is in a hurry to
// close.
func (s *session) next() *db.Query {
	d := s.worker.driver
	for {
		d.mu.Lock()
		if q := s.queue.pop(); q != nil {
			s.worker.take(q)
			d.mu.Unlock()
			return q
		}
		d.mu.Unlock()
		select {
		case <-s.wake:
		case <-d.kill:
			return nil
		}
	}
}

// transaction begins one and serves it to its end.
func (w *worker) transaction(q *db.Query) {
	c := w.conn
	begin := "BEGIN IMMEDIATE"
	if q.Tx.ReadOnly {
		begin = "BEGIN"
	}
	guard := q.Tx.ReadOnly && !c.reader
	err := c.command(q, begin)
	if err == nil && guard {
		err = c.command(nil, "PRAGMA query_only = ON")
	}
	if err != nil {
		w.finish(q, err)
		w.ended++
		return
	}
	s := newSession(w, true)
	q.Hold(s)
	w.finish(q, nil)
	s.serve()
	if guard {
		_ = c.command(nil, "PRAGMA query_only = OFF")
	}
}

// serve runs the holder's queries until the session ends.
func (s *session) serve() {
	w := s.worker
	var last *db.Query
	var err error
	for {
		q := s.next()
		if q == nil {
			break
		}
		var ended bool
		if ended, err = s.handle(q); ended {
			last = q
			break
		}
		w.finish(q, err)
	}
	s.close()
	// The connection is clean before the holder hears of the end.
	if last != nil {
		w.finish(last, err)
	}
	w.ended++
}

// close leaves a clean connection and fails what came too late.
func (s *session) close() {
	w, d := s.worker, s.worker.driver
	s.closeCursors(db.ErrTxDone)
	if !w.conn.handle.autocommit() {
		_ = w.conn.command(nil, "ROLLBACK")
	}
	d.mu.Lock()
	s.over = true
	var late *db.Query
	for q := s.queue.pop(); q != nil; q = s.queue.pop() {
		q.Hook.State, q.Hook.Holder = stateDone, nil
		d.count(q, db.ErrTxDone)
		q.Hook.Next, late = late, q
	}
	d.mu.Unlock()
	for q := late; q != nil; {
		next := q.Hook.Next
		q.Hook.Next = nil
		q.Finish(db.ErrTxDone)
		q = next
	}
}

// handle runs one query of the holder; true when it ends the session.
func (s *session) handle(q *db.Query) (ended bool, err error) {
	c := s.worker.conn
	switch q.Op {
	case db.OpCommit:
		return true, s.commit(q)
	case db.OpRollback:
		return true, nil // close does it
	case db.OpFetch:
		err = s.fetch(q)
		return !s.tx && len(s.cursors) == 0, err
	case db.OpStop:
		s.closeCursor(q.Hook.Data.(*cursor), db.ErrTxDone)
		return !s.tx && len(s.cursors) == 0, nil
	}
	if s.lost != nil {
		return false, s.lost
	}
	switch q.Op {
	case db.OpStream:
		err = s.stream(q)
	case db.OpBatch:
		err = c.batch(q)
	case db.OpPing:
		err = c.command(q, "SELECT 1")
	default:
		err = c.run(q, q)
	}
	s.look(q, err)
	return false, err
}

// look finds out what a statement did to the session: some errors (disk full,
// interrupts) roll the whole transaction back, and an interrupt hits the open
// streams too.
func (s *session) look(q *db.Query, err error) {
	if err != nil && q.Cancelled() {
		s.closeCursors(err)
	}
	if s.tx && s.lost == nil && s.worker.conn.handle.autocommit() {
		s.lost = &db.Error{Kind: db.Other, Message: "the transaction has been rolled back after an earlier error", Err: err}
		if err == nil {
			s.lost = &db.Error{Kind: db.Invalid, SQL: q.SQL, Message: "a transaction is ended by its closure, not with a statement"}
		}
	}
}

func (s *session) commit(q *db.Query) error {
	if s.lost != nil {
		return s.lost
	}
	if q.Cancelled() {
		return q.Cause()
	}
	s.closeCursors(db.ErrTxDone)
	return s.worker.conn.command(q, "COMMIT")
}

// stream starts a stream and delivers its first portion. With more to come it
// leaves a cursor.
func (s *session) stream(q *db.Query) error {
	c := s.worker.conn
	stmt, err := c.statementFor(q.SQL)
	if err != nil {
		return err
	}
	switch {
	case c.reader && !stmt.readOnly && !s.tx:
		return errWrites
	case stmt.more:
		return &db.Error{Kind: db.Invalid, SQL: q.SQL, Message: "several statements in one call"}
	}
	stmt, code, err := c.start(q, q, stmt, true)
	if err != nil {
		return err
	}
	cur := &cursor{session: s, stmt: stmt}
	s.cursors = append(s.cursors, cur)
	return s.portion(q, cur, code)
}

// fetch delivers the next portion.
func (s *session) fetch(q *db.Query) error {
	cur := q.Hook.Data.(*cursor)
	switch {
	case cur.closed:
		return cur.err
	case q.Cancelled():
		s.closeCursor(cur, q.Cause())
		return q.Cause()
	}
	if err := q.Describe(cur.stmt.desc); err != nil {
		s.closeCursor(cur, err)
		return err
	}
	err := s.portion(q, cur, s.worker.conn.handle.step(cur.stmt.ptr))
	s.look(q, err)
	return err
}

// portion delivers rows from a cursor and closes it at its end.
func (s *session) portion(q *db.Query, cur *cursor, code int32) error {
	c := s.worker.conn
	code = c.deliver(q, cur.stmt, code, q.Limit)
	err := c.check(q, code, cur.stmt.sql)
	if err == nil {
		err = q.Err()
	}
	if code == codeRow && err == nil {
		q.Suspend(cur)
		return nil
	}
	s.closeCursor(cur, err)
	return err
}

func (s *session) closeCursor(cur *cursor, why error) {
	if cur.closed {
		return
	}
	cur.closed, cur.err = true, why
	s.worker.conn.release(cur.stmt)
	for i, c := range s.cursors {
		if c == cur {
			s.cursors = append(s.cursors[:i], s.cursors[i+1:]...)
			return
		}
	}
}

func (s *session) closeCursors(why error) {
	for len(s.cursors) > 0 {
		s.closeCursor(s.cursors[0], why)
	}
}
