package sqlite

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/fasterapi/fasterapi/db/internal/sqltext"
)

// statement is a prepared statement of one connection.
//
// Owner: the connection's worker.
type statement struct {
	key
	ptr        uintptr
	params     []int // of SQLite's parameter i+1: the index of the argument
	want       int   // arguments
	desc       *driver.Description
	reprepared int32 // SQLite's counter when desc was made
	readOnly   bool
	open       bool // a stream is reading from it
	length     int  // of the first statement in sql, in bytes
	more       bool // several statements in one text
	pragma     bool
	dates      []bool // by argument: beside a DATE; nil: not looked up yet
	counter    string // the function that tells what another statement did; see admit
	use        uint64
}

// key is what a statement is cached by: a caller's BEGIN is not the connection's.
//
// Owner: any (immutable once made).
type key struct {
	sql string
	by  party
}

// statementFor returns the prepared statement for sql, from the cache if it is
// not being read from. q is what it is for, nil if it is for the connection.
//
// A PRAGMA is not kept: SQLite carries many of them out when it compiles them, and
// nothing when they run. Several statements in one text are compiled one by one.
func (c *conn) statementFor(q *driver.Query, k key) (*statement, error) {
	c.tick++
	if s := c.cache[k]; s != nil && !s.open {
		s.use = c.tick
		return s, nil
	}
	s, err := c.compile(q, k)
	if err != nil {
		return nil, err
	}
	s.use = c.tick
	if old := c.cache[k]; old == nil && !s.pragma && !s.more {
		c.evict()
		c.cache[k] = s
	}
	return s, nil
}

// release ends the use of a statement: one that is not in the cache goes.
func (c *conn) release(s *statement) {
	c.handle.reset(s.ptr)
	s.open = false
	if c.cache[s.key] != s {
		c.handle.finalize(s.ptr)
	}
}

// evict makes room for one more statement by dropping the one that was not used
// for the longest time. A full cache means that texts are made at run time; the
// scan is short next to compiling a statement.
func (c *conn) evict() {
	if len(c.cache) < c.limit {
		return
	}
	var oldest *statement
	for _, s := range c.cache {
		if !s.open && (oldest == nil || s.use < oldest.use) {
			oldest = s
		}
	}
	if oldest != nil {
		c.forget(oldest)
	}
}

// forget drops a statement, cached or not.
func (c *conn) forget(s *statement) {
	if c.cache[s.key] == s {
		delete(c.cache, s.key)
	}
	c.handle.finalize(s.ptr)
}

// compile prepares the first statement of k.sql. While another process holds the
// lock it waits: the compiler reads the schema.
func (c *conn) compile(q *driver.Query, k key) (*statement, error) {
	if i := strings.IndexByte(k.sql, 0); i >= 0 {
		return nil, &db.Error{Kind: db.Invalid, Message: fmt.Sprintf("the statement has a NUL at byte %d, where SQLite would end it", i), SQL: k.sql}
	}
	var ptr uintptr
	var tail string
	code := c.patiently(q, func() (code int32) {
		ptr, tail, code = c.handle.prepare(k.sql, k.by)
		return code
	}, func() {})
	j := c.handle.judge
	if code == codeAuth && j.refused != "" {
		return nil, &db.Error{Kind: db.Invalid, Message: j.refused, SQL: k.sql}
	}
	if code != codeOK {
		return nil, c.check(q, code, k.sql) // preparing can be interrupted, too
	}
	if ptr == 0 {
		return nil, &db.Error{Kind: db.Invalid, Message: "the statement is empty", SQL: k.sql}
	}
	s := &statement{
		key: k, ptr: ptr, readOnly: c.handle.readOnly(ptr), pragma: j.pragma,
		length: len(k.sql) - len(tail), more: !blank(tail),
	}
	if n := j.counters; k.by != byItself && (!n.inside || s.readOnly) {
		s.counter = n.name
	}
	if err := c.numberParams(s); err != nil {
		c.handle.finalize(ptr)
		return nil, err
	}
	c.describe(s)
	return s, nil
}

// numberParams finds out which argument belongs to which of SQLite's
// parameters. To SQLite $1 is a name like any other, and it numbers names in
// order of appearance.
func (c *conn) numberParams(s *statement) error {
	s.params = make([]int, c.handle.paramCount(s.ptr))
	for i := range s.params {
		name := c.handle.paramName(s.ptr, i+1)
		n := i + 1
		if name != "" {
			var err error
			n, err = strconv.Atoi(name[1:])
			if err != nil || n < 1 || name[0] != '$' && name[0] != '?' {
				return &db.Error{
					Kind: db.Invalid, SQL: s.sql,
					Message: fmt.Sprintf("parameter %s: parameters are written $1, $2 and so on", name),
				}
			}
		}
		s.params[i] = n - 1
		s.want = max(s.want, n)
	}
	return nil
}

// describe records the columns.
func (c *conn) describe(s *statement) {
	s.reprepared, s.dates = c.handle.reprepared(s.ptr), nil
	columns := make([]driver.Column, c.handle.columnCount(s.ptr))
	for i := range columns {
		columns[i] = driver.Column{
			Name: c.handle.columnName(s.ptr, i),
			Type: c.handle.columnDecl(s.ptr, i),
		}
	}
	s.desc = driver.NewDescription(columns)
}

// blank tells that text has no statement in it: spaces, semicolons, comments.
func blank(text string) bool { return text == "" || sqltext.Of(sqltext.SQLite, text).Statements == 0 }
