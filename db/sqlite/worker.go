package sqlite

import (
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
)

// worker is a goroutine with a connection.
//
// Owner: itself; lane and wake: any (immutable after New).
type worker struct {
	driver *database
	lane   *lane
	conn   *conn
	wake   chan *driver.Query // a query for an idle worker
	ended  int                // queries and sessions ended since the driver was told
}

// run serves queries until the driver stops. The worker is idle at first.
func (w *worker) run() {
	defer w.driver.workers.Done()
	for q := w.wait(); q != nil; q = w.driver.next(w) {
		w.serve(q)
	}
}

// wait returns the query that the idle worker is given, nil at the end.
func (w *worker) wait() *driver.Query {
	select {
	case q := <-w.wake:
		return q
	case <-w.driver.stop:
		return nil
	}
}

// take makes q what the connection runs. The driver's mu is held.
func (w *worker) take(q *driver.Query) {
	q.Hook.State, q.Hook.Holder = stateRunning, w.conn
	w.conn.current = q
}

// finish ends q.
func (w *worker) finish(q *driver.Query, err error) {
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
func (w *worker) serve(q *driver.Query) {
	c := w.conn
	err := c.settle()
	if err != nil {
		q.Unsent()
		w.finish(q, err)
		w.ended++
		return
	}
	switch q.Op {
	case driver.OpOne, driver.OpQuery, driver.OpExec:
		err = c.run(q, q)
	case driver.OpPing:
		err = c.command(q, "SELECT 1")
	case driver.OpBatch:
		err = c.batch(q)
	case driver.OpBegin:
		w.transaction(q)
		return
	case driver.OpCustom:
		err = c.custom(q)
	case driver.OpStream:
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
func (w *worker) pass(q *driver.Query) {
	d := w.driver
	d.mu.Lock()
	w.conn.current = nil
	q.Hook = driver.Hook{}
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
