package sqlite

import (
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
)

// session is a worker that serves one holder only: a transaction, or the reader
// of a stream. Its queries run one after another.
//
// Owner: its worker. queue and over: the driver's mu.
type session struct {
	worker *worker
	tx     bool
	lost   error // the transaction has ended already, without a commit
	wake   chan struct{}
	queue  driver.Queue
	over   bool
}

func newSession(w *worker, tx bool) *session {
	return &session{worker: w, tx: tx, wake: make(chan struct{}, 1)}
}

// Start implements driver.Session.
func (s *session) Start(q *driver.Query) {
	d := s.worker.driver
	refused := d.refused(q, s.tx)
	d.mu.Lock()
	var err error
	switch {
	case s.over:
		err = db.ErrTxDone
	case refused != nil:
		err = refused
	case q.Cancelled() && !q.Op.EndsSession():
		err = q.Cause()
	}
	if err != nil {
		d.count(q, err)
		d.mu.Unlock()
		q.Unsent()
		q.Finish(err)
		return
	}
	enqueue(q, &s.queue)
	d.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// next waits for the holder's next query; nil when the driver is in a hurry to
// close.
func (s *session) next() *driver.Query {
	d := s.worker.driver
	for !d.killed() {
		d.mu.Lock()
		if q := s.queue.Pop(); q != nil {
			s.worker.take(q)
			d.mu.Unlock()
			return q
		}
		d.mu.Unlock()
		select {
		case <-s.wake:
		case <-d.kill:
		}
	}
	return nil
}

// transaction begins one and serves it to its end.
func (w *worker) transaction(q *driver.Query) {
	c := w.conn
	begin := "BEGIN IMMEDIATE"
	if q.ReadOnly {
		begin = "BEGIN"
	}
	guard := q.ReadOnly && !c.reader
	err := c.command(q, begin)
	if err == nil && guard {
		err = c.command(nil, "PRAGMA query_only = ON")
	}
	if err != nil {
		c.clean()
		w.finish(q, err)
		w.ended++
		return
	}
	s := newSession(w, true)
	q.Hold(s)
	w.finish(q, nil)
	s.serve()
}

// serve runs the holder's queries until the session ends.
func (s *session) serve() {
	w := s.worker
	var last *driver.Query
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
	why := db.ErrTxDone
	if d.killed() {
		why = db.ErrClosed
	}
	w.conn.endInterrupts()
	w.conn.closeCursors(why)
	w.conn.clean()
	d.mu.Lock()
	s.over = true
	var late *driver.Query
	for q := s.queue.Pop(); q != nil; q = s.queue.Pop() {
		q.Hook.State, q.Hook.Holder = stateDone, nil
		d.count(q, why)
		q.Hook.Next, late = late, q
	}
	d.mu.Unlock()
	for q := late; q != nil; {
		next := q.Hook.Next
		q.Hook.Next = nil
		q.Unsent()
		q.Finish(why)
		q = next
	}
}

// handle runs one query of the holder; true when it ends the session.
func (s *session) handle(q *driver.Query) (ended bool, err error) {
	c := s.worker.conn
	switch q.Op {
	case driver.OpCommit:
		return true, s.commit(q)
	case driver.OpRollback:
		return true, nil // close does it
	case driver.OpFetch:
		err = s.fetch(q)
		return !s.tx && len(s.worker.conn.cursors) == 0, err
	case driver.OpStop:
		s.worker.conn.closeCursor(q.Hook.Data.(*cursor), db.ErrTxDone)
		return !s.tx && len(s.worker.conn.cursors) == 0, nil
	}
	if s.lost != nil {
		return false, s.lost
	}
	switch q.Op {
	case driver.OpStream:
		err = s.stream(q)
	case driver.OpBatch:
		err = c.batch(q)
	case driver.OpPing:
		err = c.command(q, "SELECT 1")
	case driver.OpCustom:
		err = &db.Error{Kind: db.Invalid, SQL: q.SQL, Message: "this operation is none of a transaction; sqlite.Migrate is one of its own"}
	case driver.OpSavepoint:
		err = c.command(q, q.SQL)
	default:
		err = c.run(q, q)
	}
	s.look(q, err)
	return false, err
}

// look finds out what a statement did to the session: some errors (disk full,
// interrupts) roll the whole transaction back.
func (s *session) look(q *driver.Query, err error) {
	if s.tx && s.lost == nil && s.worker.conn.handle.autocommit() {
		s.lost = &db.Error{Kind: db.Other, Message: "the transaction has been rolled back after an earlier error", Err: err}
		if err == nil {
			s.lost = &db.Error{Kind: db.Invalid, SQL: q.SQL, Message: "a transaction is ended by its closure, not with a statement"}
		}
	}
}

func (s *session) commit(q *driver.Query) error {
	if s.lost != nil {
		return s.lost
	}
	if why := q.Doom(); why != nil {
		return why
	}
	if q.Cancelled() {
		return q.Cause()
	}
	s.worker.conn.closeCursors(db.ErrTxDone)
	return s.worker.conn.command(q, "COMMIT")
}
