package sqlite

import (
	"slices"

	"github.com/fasterapi/fasterapi/db/driver"
)

// cursor is an open stream.
//
// Owner: its session's worker.
type cursor struct {
	session *session
	stmt    *statement
	err     error // why it was closed before its end
	closed  bool
}

// Start implements driver.Session for the rest of a stream.
func (c *cursor) Start(q *driver.Query) {
	q.Hook.Data = c
	c.session.Start(q)
}

// stream starts a stream and delivers its first portion. With more to come it
// leaves a cursor.
func (s *session) stream(q *driver.Query) error {
	c := s.worker.conn
	stmt, err := c.statementFor(q, key{q.SQL, byCaller})
	if err != nil {
		return err
	}
	switch {
	case stmt.more:
		err = severalStatements(q.SQL)
	case c.reader && !stmt.readOnly && !s.tx:
		err = errWrites
	default:
		err = c.admit(stmt)
	}
	if err != nil {
		c.release(stmt)
		return err
	}
	stmt, code, err := c.start(q, q, stmt, true)
	if err != nil {
		return err
	}
	cur := &cursor{session: s, stmt: stmt}
	c.cursors = append(c.cursors, cur)
	return s.portion(q, cur, code)
}

// fetch delivers the next portion.
func (s *session) fetch(q *driver.Query) error {
	cur := q.Hook.Data.(*cursor)
	switch {
	case cur.closed:
		return cur.err
	case q.Cancelled():
		s.worker.conn.closeCursor(cur, q.Cause())
		return q.Cause()
	}
	if err := q.Describe(cur.stmt.desc); err != nil {
		s.worker.conn.closeCursor(cur, err)
		return err
	}
	err := s.portion(q, cur, s.worker.conn.handle.step(cur.stmt.ptr))
	s.look(q, err)
	return err
}

// portion delivers rows from a cursor and closes it at its end.
func (s *session) portion(q *driver.Query, cur *cursor, code int32) error {
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
	s.worker.conn.closeCursor(cur, err)
	return err
}

// closeCursor ends a stream; later fetches get why.
func (c *conn) closeCursor(cur *cursor, why error) {
	if cur.closed {
		return
	}
	cur.closed, cur.err = true, why
	c.release(cur.stmt)
	c.cursors = slices.DeleteFunc(c.cursors, func(o *cursor) bool { return o == cur })
}

func (c *conn) closeCursors(why error) {
	for len(c.cursors) > 0 {
		c.closeCursor(c.cursors[0], why)
	}
}
