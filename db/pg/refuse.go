package pg

import (
	"fmt"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/fasterapi/fasterapi/db/internal/sqltext"
)

// What the protocol cannot carry is refused before it is sent: the server would
// take the rest for something else, or close the connection, and with it end the
// calls of all others on it.

const (
	// maxParams is how many parameters a statement may have: Bind counts them in
	// 16 bits.
	maxParams = 1<<16 - 1
	// maxSent is how long a message to the server may be, in bytes
	// (PQ_LARGE_MESSAGE_LIMIT in its libpq.h).
	maxSent = 1<<30 - 2
)

// admit looks at q before anything of it is sent. It returns its statement, if it is
// one, and whether it needs a connection alone. inside: q is part of a transaction of
// the user.
func (c *core) admit(q *driver.Query, inside bool) (s *statement, alone bool, err error) {
	switch q.Op {
	case driver.OpOne, driver.OpQuery, driver.OpExec, driver.OpStream:
		s = c.statement(q.SQL)
		u := sqltext.Use{Exec: q.Op == driver.OpExec, Params: len(q.Params()), Inside: inside}
		return s, q.Op == driver.OpStream, refused(q, &s.traits, u)
	case driver.OpBatch:
		alone, err = c.admitBatch(q)
		return nil, alone, err
	}
	return nil, q.Op == driver.OpBegin || q.Op == driver.OpCustom, nil
}

// admitBatch is admit for a batch. It needs a connection, and a transaction that is
// begun and committed by itself, when its rows decide about its success and it must
// not be committed before they have been looked at: reads commit nothing. And when
// a statement may commit by itself: a procedure, VACUUM. In a transaction the server
// refuses that.
func (c *core) admitBatch(q *driver.Query) (alone bool, err error) {
	rows, reads, whole := false, true, true
	for i, item := range q.Items {
		t := c.traits(item.SQL)
		u := sqltext.Use{Exec: item.Op == driver.OpExec, Params: len(item.Params()), Item: true}
		if err := refused(item, t, u); err != nil {
			return false, &db.BatchError{Index: i, SQL: item.SQL, Err: err}
		}
		rows = rows || item.Op != driver.OpExec
		reads, whole = reads && t.Reads, whole && t.Repeatable
	}
	return rows && !reads || !whole, nil
}

// refused is why a statement cannot be sent, nil if it can.
func refused(q *driver.Query, t *sqltext.Traits, u sqltext.Use) error {
	if r := t.Refused(u); r != nil {
		return &db.Error{Kind: db.Invalid, Code: r.Code, Message: r.Message, SQL: q.SQL}
	}
	switch {
	case t.Copies:
		return copyError(q.SQL)
	case t.Listens:
		return &db.Error{Kind: db.Invalid, Code: codeNotSupported, Message: errListen.Error(), SQL: q.SQL, Err: errListen}
	case t.Zero:
		return &db.Error{Kind: db.Invalid, Code: "22021", Message: "the statement holds a zero byte", SQL: q.SQL}
	}
	params := q.Params()
	if len(params) > maxParams {
		return tooMuch(q, fmt.Sprintf("the call has %d parameters, more than the %d of the protocol: pass an array", len(params), maxParams))
	}
	size := len(q.SQL)
	for i := range params {
		switch p := &params[i]; p.Kind() {
		case driver.ParamText:
			size += len(p.Text())
		case driver.ParamBytes:
			size += len(p.Bytes())
		}
	}
	if size > maxSent {
		return tooMuch(q, errTooLong.Error())
	}
	return nil
}
