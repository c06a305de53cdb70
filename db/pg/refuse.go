package pg

import (
	"fmt"
	"strings"

	"github.com/fasterapi/fasterapi/db"
)

// What the protocol cannot carry is refused before it is sent: the server would
// take the rest for something else, or close the connection, and with it the calls
// of everybody else on it.

const (
	// maxParams is how many parameters a statement may have: Bind counts them in
	// 16 bits.
	maxParams = 1<<16 - 1
	// maxSent is how long a message to the server may be, in bytes
	// (PQ_LARGE_MESSAGE_LIMIT in its libpq.h).
	maxSent = 1<<30 - 2
)

// refused is why q cannot be sent, nil if it can.
func refused(q *db.Query) error {
	if q.Op != db.OpBatch {
		return unsendable(q)
	}
	for i, item := range q.Items {
		if err := unsendable(item); err != nil {
			return &db.BatchError{Index: i, SQL: item.SQL, Err: err}
		}
	}
	return nil
}

// unsendable is refused for one statement.
func unsendable(q *db.Query) error {
	if q.Op != db.OpCustom && hasWord(q.SQL, "copy") && copiesHere(q.SQL) {
		return copyError(q.SQL)
	}
	params := q.Params()
	if len(params) > maxParams {
		return tooMuch(q, fmt.Sprintf("the call has %d parameters, more than the %d of the protocol: pass an array", len(params), maxParams))
	}
	if strings.IndexByte(q.SQL, 0) >= 0 {
		return &db.Error{Kind: db.Invalid, Code: "22021", Message: "the statement holds a zero byte", SQL: q.SQL}
	}
	size := len(q.SQL)
	for i := range params {
		switch p := &params[i]; p.Kind() {
		case db.ParamText:
			size += len(p.Text())
		case db.ParamBytes:
			size += len(p.Bytes())
		}
	}
	if size > maxSent {
		return tooMuch(q, errTooLong.Error())
	}
	return nil
}

// copiesHere tells whether a COPY is from or to its client.
func copiesHere(sql string) bool {
	lower := strings.ToLower(sql)
	return strings.Contains(lower, "stdin") || strings.Contains(lower, "stdout")
}

// copyError is the error of a COPY as a statement: whose rows would nobody send, or
// take. A script that holds one TO STDOUT has run all the same.
func copyError(sql string) error {
	return &db.Error{Kind: db.Invalid, Code: codeNotSupported, Message: errCopy.Error(), SQL: sql, Err: errCopy}
}

// errTooLong is the reason of what is longer than maxSent.
var errTooLong = fmt.Errorf("the statement and its parameters are longer than the %d bytes of a message", maxSent)

func tooMuch(q *db.Query, message string) error {
	return &db.Error{Kind: db.Invalid, Code: "54000", Message: message, SQL: q.SQL}
}
