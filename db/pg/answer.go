package pg

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/fasterapi/fasterapi/db"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// message handles one message of the server, other than a row.
func (cn *conn) message(kind byte, body []byte) error {
	switch kind {
	case 'S', 'K', 'N', 'A': // settings, key, notices, notifications
		return nil
	case 'E':
		return cn.serverFailed(body)
	}
	if cn.awaited() <= 0 {
		return fmt.Errorf("%w: %q answers nothing", errMessage, kind)
	}
	u := cn.sending.front()
	switch kind {
	case '1':
		if u.draft != nil {
			u.draft.parsed = true
		}
	case '2', '3', 'n', 'D', 'd', 'c': // done binding, closing; no data; copied out
	case 'C':
		u.completed(body)
	case 'I':
		u.completed(nil)
	case 's':
		u.suspended = true
	case 't':
		return u.parameters(body)
	case 'T':
		return u.describe(body)
	case 'G':
		return cn.copyBegan(u)
	case 'H', 'W':
	case 'Z':
		if len(body) != 1 || u.kind == unitGroup && u.err == nil && u.group.current < len(u.group.items) {
			return errMessage
		}
		cn.ready(body[0])
	default:
		return fmt.Errorf("%w: %q", errMessage, kind)
	}
	return nil
}

// serverFailed takes an ErrorResponse: of the current unit, or a last word.
func (cn *conn) serverFailed(body []byte) error {
	var m pgproto3.ErrorResponse
	if err := m.Decode(body); err != nil {
		return err
	}
	e := pgconn.ErrorResponseToPgError(&m)
	fatal := e.SeverityUnlocalized == "FATAL" || e.SeverityUnlocalized == "PANIC" || e.Severity == "FATAL"
	if fatal || cn.awaited() <= 0 {
		return e
	}
	cn.sending.front().err = e
	return nil
}

// shutdown tells whether the server ended the connection in an orderly way: the
// statement that ran is rolled back, those behind it were not looked at.
func shutdown(why error) bool {
	e, ok := errors.AsType[*pgconn.PgError](why)
	return ok && (e.Code == codeAdminShutdown || e.Code == "57P05" || e.Code == "25P03")
}

// completed takes a command tag: "INSERT 0 5".
func (u *unit) completed(tag []byte) {
	tag = bytes.TrimSuffix(tag, []byte{0})
	n, rows := int64(0), false
	if at := bytes.LastIndexByte(tag, ' '); at >= 0 && !bytes.HasPrefix(tag, []byte("SELECT")) {
		n, rows = digits(tag[at+1:])
	}
	u.complete = true
	switch {
	case u.kind == unitSimple:
		u.aborted = string(tag) == "ROLLBACK"
		u.affected += n
	case u.kind == unitGroup:
		u.group.current = min(u.group.current+1, len(u.group.items))
	case u.q == nil:
	case u.kind == unitBatch:
		if u.item < len(u.shapes) {
			if rows {
				u.q.Items[u.item].Affected(n, 0)
			}
			u.item++
			u.complete = u.item == len(u.shapes)
		}
	case rows:
		u.q.Affected(n, 0)
	}
	u.affected = n
}

func digits(b []byte) (n int64, ok bool) {
	for _, d := range b {
		if d < '0' || d > '9' {
			return 0, false
		}
		n = n*10 + int64(d-'0')
	}
	return n, len(b) > 0
}

// parameters takes a ParameterDescription.
func (u *unit) parameters(body []byte) error {
	if u.draft == nil || len(body) < 2 {
		return errMessage
	}
	n := int(binary.BigEndian.Uint16(body))
	if len(body) != 2+4*n {
		return errMessage
	}
	u.draft.params = make([]uint32, n)
	for i := range n {
		u.draft.params[i] = binary.BigEndian.Uint32(body[2+4*i:])
	}
	return nil
}

// describe takes a RowDescription.
func (u *unit) describe(body []byte) error {
	var known *shape
	switch {
	case u.kind == unitSimple:
		return nil // its rows are skipped
	case u.kind == unitBatch && u.item < len(u.shapes):
		known = u.shapes[u.item]
	case u.draft == nil:
		known = u.shape
	}
	if len(body) < 2 || known == nil && u.draft == nil {
		return errMessage
	}
	columns := make([]described, binary.BigEndian.Uint16(body))
	body = body[2:]
	for i := range columns {
		end := bytes.IndexByte(body, 0)
		if end < 0 || len(body) < end+19 {
			return errMessage
		}
		columns[i] = described{string(body[:end]), binary.BigEndian.Uint32(body[end+7:])}
		body = body[end+19:]
	}
	if u.draft != nil {
		u.draft.columns = columns
	} else if u.err == nil && !known.answers(columns) {
		u.err = outdated()
	}
	return nil
}

// outdated is the error of a statement behind a pooler whose rows are not those
// that it was described with: what a server says whose prepared statement is out
// of date. But here the statement has run.
func outdated() error {
	return &pgconn.PgError{
		Severity: "ERROR", Code: codeNotSupported, Routine: revalidate,
		Message: "the columns of the result have changed since the statement was described; it has run",
	}
}

// ready takes a ReadyForQuery: the end of the first unit.
func (cn *conn) ready(status byte) {
	c := cn.core
	u := &cn.ended // not on the stack: steps are func values, which would move it to the heap
	*u = cn.sending.pop()
	now := c.r.Now()
	cn.status, cn.heardAt = status, now
	if !u.isCheck() {
		cn.usedAt = now
	}
	if u.slow {
		cn.slow--
	}
	if u.unknown {
		cn.unknown--
	}
	cn.lastTook, cn.headAt = now.Sub(cn.headAt), now
	if cn.fresh && u.kind != unitGroup && (cn.trip == 0 || cn.lastTook < cn.trip) {
		cn.trip = cn.lastTook
	}
	cn.fresh = false
	u.measured(c, cn.lastTook)
	if cn.held == nil && status != 'I' {
		cn.leftOpen(u)
		return
	}
	switch {
	case u.step != nil:
		u.step(cn.held, u)
	case u.kind == unitGroup:
		cn.grouped(u)
	case u.kind == unitPrepare:
		cn.described(u)
	case u.isCheck():
		cn.checking = false
	default:
		cn.answered(u)
	}
	*u = unit{}
	if !cn.dead && cn.sending.len() > 0 {
		cn.watchGroup()
		if cn.sending.front().abandoned {
			cn.interruptSoon()
		}
	}
}

// leftOpen ends a connection on which u, a script or a batch, has begun a
// transaction and not ended it: whatever came next would be part of it. Nothing
// of it stays.
func (cn *conn) leftOpen(u *unit) {
	switch {
	case u.kind == unitGroup:
		cn.lostGroup(u, errControl, true)
	case u.q != nil && u.kind != unitPrepare:
		cn.core.finish(u.q, errControl)
	}
	*u = unit{}
	cn.fail(errControl)
}

// answered ends a query that used a connection together with others.
func (cn *conn) answered(u *unit) {
	if u.q == nil {
		return
	}
	c := cn.core
	err := cn.outcome(u)
	switch {
	case err != nil && u.again(cn):
		c.again(u.q)
		return
	case err == nil && u.kind == unitBatch:
		err = itemError(u.q)
	}
	c.finish(u.q, err)
}

// outcome is the error of a unit's query, nil if there is none but what its rows
// amount to.
func (cn *conn) outcome(u *unit) error {
	if u.err == nil {
		return nil
	}
	e := u.err.(*pgconn.PgError)
	sql := u.q.SQL
	batched := u.kind == unitBatch && u.item < len(u.q.Items)
	if batched {
		sql = u.q.Items[u.item].SQL
	}
	err := serverError(e, sql)
	if err.Kind == db.Unavailable && u.repeatable() {
		err.Retry = true // an ERROR has rolled its statement back
	}
	if batched {
		return &db.BatchError{Index: u.item, SQL: sql, Err: err}
	}
	return err
}

// again tells whether a failed unit may be run once more, transparently: it was
// hit by a cancel request for a neighbour, or its prepared statement is gone or
// out of date. All of these come with a rollback of the implicit transaction.
func (u *unit) again(cn *conn) bool {
	e, ok := u.err.(*pgconn.PgError)
	if !ok || u.q.Cancelled() {
		return false
	}
	switch {
	case e.Code == codeCancelled:
		if u.q.Hook.State&flagRetried != 0 || !u.repeatable() || !cn.collateral(e) {
			return false // at most once: when it is the server that stops it, twice is twice the load
		}
	case unfit(e.Code):
		// Right, or the table was made anew with other types, which the server
		// does not tell: its prepared statement keeps those of its parameters.
		if u.kind != unitQuery || u.q.Hook.State&flagFresh != 0 || len(u.shape.params) == 0 {
			return false
		}
		u.q.Hook.Data = &doubt{u.shape, serverError(e, u.q.SQL)}
		cn.forget(u)
		return u.q.Rewind()
	case e.Code == codeNoStatement, e.Code == codeDuplicate:
		cn.forget(u)
		cn.strange(e)
	case e.Code == codeNotSupported:
		if e.Routine != revalidate {
			return false
		}
		cn.forget(u)
		if u.complete && !reads(u.q.SQL) {
			return false // see outdated
		}
	default:
		return false
	}
	if u.q.Hook.State&flagRetried != 0 {
		return false
	}
	u.q.Hook.State |= flagRetried
	return u.q.Rewind()
}

// unfit tells whether an error may come from a parameter of another type than
// the statement was prepared for: data exceptions but for division by zero.
func unfit(code string) bool {
	return strings.HasPrefix(code, "22") && code != codeDivision || code == codeTypeMismatch
}

// doubt is an error that stands if the statement's parameters, described anew,
// are what they were.
//
// Owner: reactor.
type doubt struct {
	shape *shape
	err   error
}

// forget drops the prepared form of a unit's statements on this connection.
func (cn *conn) forget(u *unit) {
	drop := func(s *statement) {
		if s == nil {
			return
		}
		if cn.unnamed {
			s.last = nil
		} else if p := s.on[cn.slot]; p != nil && p.shape != nil {
			cn.deallocate(s, p)
		}
	}
	drop(u.st)
	if u.kind == unitBatch {
		for _, item := range u.q.Items {
			drop(cn.core.statement(item.SQL))
		}
	}
}
