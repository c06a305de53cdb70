package sqlite

import (
	"errors"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
)

// conn is one connection with its prepared statements.
//
// Owner: its worker. current: the driver's mu. nudge: any.
type conn struct {
	handle  handle
	driver  *database
	reader  bool // refuses writes, which go to the writer
	limit   int  // prepared statements
	busy    time.Duration
	cache   map[key]*statement
	tick    uint64
	staged  []argument
	cursors []*cursor     // open streams
	nudge   chan struct{} // ends a wait for another process's lock
	flags   uint64        // settings after setUp
	wrote   bool          // a caller's statement that writes has run in the transaction
	// current is what an interruption would hit.
	current *driver.Query
}

// errWrites: a reader was given a statement that writes.
var errWrites = errors.New("sqlite: the statement writes")

// openConn opens a connection and sets it up.
func openConn(d *database, reader bool) (*conn, error) {
	c := &conn{
		driver: d, reader: reader, limit: d.cfg.StatementCache, busy: d.cfg.BusyTimeout,
		cache: map[key]*statement{}, nudge: make(chan struct{}, 1),
	}
	if code, message := c.handle.open(d.path, d.cfg.ReadOnly); code != codeOK {
		c.handle.close()
		return nil, newError(code, explained(code, message), "")
	}
	if err := c.setUp(); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// close finalizes the statements and closes the file.
func (c *conn) close() {
	for _, s := range c.cache {
		c.handle.finalize(s.ptr)
	}
	c.cache = nil
	c.handle.close()
}

// command runs a statement without parameters and rows on behalf of q, which
// may be nil.
func (c *conn) command(q *driver.Query, sql string) error {
	s, err := c.statementFor(q, key{sql, byItself})
	if err != nil {
		return err
	}
	defer c.release(s)
	code := c.firstStep(q, s.ptr)
	for code == codeRow {
		code = c.handle.step(s.ptr)
	}
	return c.check(q, code, sql)
}

// check turns what the last step returned into an error.
func (c *conn) check(q *driver.Query, code int32, sql string) error {
	if code == codeInterrupt {
		// It ends the open streams as well, and lasts until no statement of the
		// connection is active.
		c.closeCursors(&db.Error{Message: "the stream was interrupted with a cancelled statement", Code: codeName(code)})
	}
	switch {
	case code == codeDone || code == codeRow || code == codeOK:
		return nil
	case code == codeInterrupt && q != nil && q.Cancelled():
		return q.Cause()
	case code == codeInterrupt && c.driver.killed():
		return db.ErrClosed
	default:
		return newError(code, explained(code, c.handle.message(code)), sql)
	}
}

// firstStep starts a statement, patiently.
func (c *conn) firstStep(q *driver.Query, stmt uintptr) int32 {
	return c.patiently(q, func() int32 { return c.handle.step(stmt) }, func() { c.handle.reset(stmt) })
}

// patiently calls try. While another process holds the lock it calls undo and tries
// again, until Config.BusyTimeout has passed or q is cancelled; SQLite's own busy
// handler would not hear of a cancellation, and does not wait where waiting may be a
// deadlock.
func (c *conn) patiently(q *driver.Query, try func() int32, undo func()) int32 {
	var since time.Time
	for n := 0; ; n++ {
		code := try()
		if code&0xff != codeBusy || code == codeStale {
			return code
		}
		now := time.Now()
		if n == 0 {
			since = now
		}
		left := c.busy - now.Sub(since)
		if left <= 0 {
			return code
		}
		undo()
		if q != nil && q.Cancelled() || c.driver.killed() {
			return codeInterrupt
		}
		c.wait(min(left, time.Millisecond<<min(n, 5)))
	}
}

// endInterrupts ends the reach of interrupts: what follows cleans up.
func (c *conn) endInterrupts() {
	c.driver.mu.Lock()
	c.current = nil
	c.driver.mu.Unlock()
}

// wait sleeps for d or until nudged.
func (c *conn) wait(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-c.nudge:
	}
}

// run executes one statement, q itself or an item of the batch q.
func (c *conn) run(q, item *driver.Query) error {
	traits := c.driver.texts.of(item.SQL)
	switch {
	case traits.Script() && c.reader && c.handle.autocommit():
		return errWrites // for all that is known
	case traits.Script():
		return c.script(q, item, byCaller)
	}
	s, err := c.statementFor(q, key{item.SQL, byCaller})
	switch {
	case err != nil:
		return err
	case s.more:
		err = severalStatements(item.SQL)
	case c.reader && !s.readOnly && c.handle.autocommit():
		err = errWrites
	default:
		err = c.admit(s)
	}
	if err != nil {
		c.release(s)
		return err
	}
	changed := c.handle.totalChanges()
	s, code, err := c.start(q, item, s, false)
	if err != nil {
		return err
	}
	defer c.release(s)
	code = c.deliver(item, s, code, 0)
	if err := c.check(q, code, s.sql); err != nil {
		return err
	}
	item.Affected(c.affected(traits.Main, changed))
	return item.Err()
}

// start binds, describes and makes the first step. It returns the statement that
// it used in the end; on failure that one is released.
func (c *conn) start(q, item *driver.Query, s *statement, keep bool) (*statement, int32, error) {
	if err := item.Describe(s.desc); err != nil {
		// Another connection may have changed the schema since the statement
		// was prepared. SQLite notices that only when it runs something.
		c.forget(s)
		if err := c.command(q, "SELECT 1 FROM sqlite_schema LIMIT 1"); err != nil {
			return nil, 0, err
		}
		fresh, err := c.statementFor(q, key{item.SQL, byCaller})
		if err != nil {
			return nil, 0, err
		}
		if err := item.Describe(fresh.desc); err != nil {
			return nil, 0, err
		}
		s = fresh
	}
	s.open = keep
	if err := c.bind(s, item.Params(), keep); err != nil {
		c.release(s)
		return nil, 0, err
	}
	c.wrote = c.wrote || !s.readOnly
	code := c.firstStep(q, s.ptr)
	if c.handle.reprepared(s.ptr) != s.reprepared {
		c.describe(s)
		if err := item.Describe(s.desc); err != nil {
			c.release(s)
			return nil, 0, err
		}
	}
	return s, code, nil
}

// deliver hands out rows until the end, or until limit rows are in. code is what
// the last step returned; it returns the same.
func (c *conn) deliver(item *driver.Query, s *statement, code int32, limit int) int32 {
	for code == codeRow {
		if row := item.Next(); row != nil {
			c.fill(row, s.ptr, len(s.desc.Columns()))
		} else if s.readOnly && item.Op != driver.OpExec {
			return codeDone // the rest is not wanted
		}
		if limit > 0 && item.Rows() == limit {
			return codeRow
		}
		code = c.handle.step(s.ptr)
	}
	return code
}

// fill copies the current row into the caller's value.
func (c *conn) fill(row *driver.Row, stmt uintptr, columns int) {
	h := &c.handle
	for i := range columns {
		switch h.columnType(stmt, i) {
		case typeInt:
			row.Int64(i, h.columnInt(stmt, i))
		case typeText:
			row.Text(i, h.columnText(stmt, i))
		case typeFloat:
			row.Float64(i, h.columnFloat(stmt, i))
		case typeBlob:
			row.Bytes(i, h.columnBlob(stmt, i))
		default:
			row.Null(i)
		}
	}
}
