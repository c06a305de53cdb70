package sqlite

import (
	"github.com/fasterapi/fasterapi/db"
)

// worker is a goroutine with a connection.
//
// Owner: itself; lane and wake: any (immutable after New).
type worker struct {
	driver *driver
	lane   *lane
	conn   *conn
	wake   chan *db.Query // a query for an idle worker
	ended  int            // queries and sessions ended since the driver was told
}

// run serves queries until the driver stops. The worker is idle at first.
func (w *worker) run() {
	defer w.driver.workers.Done()
	for q := w.wait(); q != nil; q = w.driver.next(w) {
		w.serve(q)
	}
}

// wait returns the query that the idle worker is given, nil at the end.
func (w *worker) wait() *db.Query {
	select {
	case q := <-w.wake:
		return q
	case <-w.driver.stop:
		return nil
	}
}

// take makes q what the connection runs. The driver's mu is held.
func (w *worker) take(q *db.Query) {
	q.Hook.State, q.Hook.Holder = stateRunning, w.conn
	w.conn.current = q
}

// finish ends q.
func (w *worker) finish(q *db.Query, err error) {
	d, c := w.driver, w.conn
	d.mu.Lock()
	c.current = nil
	q.Hook.State, q.Hook.Holder = stateDone, nil
	d.count(q, err)
	d.mu.Unlock()
	select {
	case <-c.nudge: // meant for q
	default:
	}
	q.Finish(err)
}

// serve runs one query that belongs to no session.
func (w *worker) serve(q *db.Query) {
	c := w.conn
	err := c.settle()
	if err != nil {
		q.Unsent()
		w.finish(q, err)
		w.ended++
		return
	}
	switch q.Op {
	case db.OpOne, db.OpQuery, db.OpExec:
		err = c.run(q, q)
	case db.OpPing:
		err = c.command(q, "SELECT 1")
	case db.OpBatch:
		err = c.batch(q)
	case db.OpBegin:
		w.transaction(q)
		return
	case db.OpCustom:
		err = c.custom(q)
	case db.OpStream:
		s := newSession(w, false)
		if err = s.stream(q); err == nil && len(c.cursors) > 0 {
			w.finish(q, nil)
			s.serve()
			return
		}
	default:
		err = &db.Error{Kind: db.Invalid, Message: "this operation needs a session"}
	}
	if err == errWrites { //nolint:errorlint // our own, never wrapped
		w.pass(q)
		return
	}
	if !c.handle.autocommit() && err == nil {
		err = &db.Error{Kind: db.Invalid, SQL: q.SQL, Message: "a transaction is started with Pool.Tx, not with a statement"}
	}
	c.clean()
	w.finish(q, err)
	w.ended++
}

// pass gives a query to the writer, which turned out to write.
func (w *worker) pass(q *db.Query) {
	d := w.driver
	d.mu.Lock()
	w.conn.current = nil
	q.Hook = db.Hook{}
	if q.Cancelled() || d.killed() {
		err := db.ErrClosed
		if q.Cancelled() {
			err = q.Cause()
		}
		d.count(q, err)
		d.mu.Unlock()
		q.Finish(err)
		w.ended++
		return
	}
	d.assign(d.write, q)
}
