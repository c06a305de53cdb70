package pg

import (
	"slices"
	"strings"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
	"github.com/jackc/pgx/v5/pgconn"
)

// What a statement was prepared for goes out of date when somebody alters a table,
// makes a type or a function anew, or deallocates. Servers tell that with many
// errors, most of which also have other reasons: so a statement that fails while it
// is bound or planned is described anew and, as nothing of it has run, run again
// once. A statement that fails because of a value is only run again when its
// parameters turn out to have other types now.

// fitness is what an error tells about the prepared form of its statement.
type fitness uint8

const (
	fits          fitness = iota // nothing
	typesDoubtful                // if its parameters have other types now, that may be the reason
	planFailed                   // it failed before it ran, maybe because it is out of date
	missing                      // the server does not have it, or another one of its name
	changed                      // its rows are not what they were
	lookupFailed                 // it has run into something that is gone; the next time may be better
)

// fit judges the statement that got e.
func (u *unit) fit(e *pgconn.PgError) fitness {
	st, sh := u.current()
	switch {
	case sh == nil || st == nil && u.kind != unitBatch:
		return fits
	case e.Code == codeNoStatement, e.Code == codeDuplicate:
		return missing
	case e.Code == codeNotSupported && e.Routine == revalidate:
		return changed
	case strings.HasPrefix(e.Code, "22"), e.Code == codeTypeMismatch:
		if e.Code == codeDivision || len(sh.Params()) == 0 {
			return fits
		}
		return typesDoubtful
	case u.bound:
		if e.Code == codeInternal { // "cache lookup failed for type 16401"
			return lookupFailed
		}
		return fits
	case ofPlanning(e.Code):
		return planFailed
	}
	return fits
}

// ofPlanning tells whether an error can come from a statement that is bound and
// planned for something that has changed: errors of names, of the protocol, and
// internal ones; not of rights, limits, load or neighbours.
func ofPlanning(code string) bool {
	if len(code) < 2 || code == codePermission {
		return false
	}
	switch code[:2] {
	case "08", "0A", "26", "34", "3D", "3F", "42":
		return true
	}
	return code == codeInternal
}

// current is the statement, nil in a batch, and the shape that the server works on.
func (u *unit) current() (*statement, *wire.Shape) {
	if u.kind != unitBatch {
		return u.st, u.shape
	}
	if u.item < len(u.shapes) {
		return nil, u.shapes[u.item]
	}
	return nil, nil
}

// dropStale forgets the prepared forms that e shows to be out of date, so that the
// next call prepares them anew at the latest.
func (cn *conn) dropStale(u *unit, e *pgconn.PgError, f fitness) {
	c := cn.core
	s := u.st
	if u.kind == unitBatch && u.q != nil && u.item < len(u.q.Items) {
		s = c.statement(u.q.Items[u.item].SQL)
	}
	switch {
	case f == fits || s == nil:
	case f == typesDoubtful && cn.held == nil:
		cn.forgetPrepared(s) // and described will tell
	case f == typesDoubtful:
		c.forgetPrepared(s.sql)
	default:
		for _, other := range c.b.cores {
			if other == c {
				c.forgetPrepared(s.sql)
				continue
			}
			other.r.Post(async.TaskFunc(func() { other.forgetPrepared(s.sql) }))
		}
	}
	if f == missing {
		if u.kind == unitBatch && u.q != nil {
			for _, item := range u.q.Items {
				cn.forgetPrepared(c.statement(item.SQL))
			}
		}
		cn.stopNaming(e)
	}
}

// mayRunAgain tells whether a failed unit may be run once more, transparently: it was
// hit by a cancel request for a neighbour, or its prepared statement is gone or
// out of date. All of these come with a rollback of the implicit transaction.
func (u *unit) mayRunAgain(cn *conn) bool {
	e, ok := u.err.(*pgconn.PgError)
	if !ok || u.q.Cancelled() {
		return false
	}
	q := u.q
	retried, fresh := q.Hook.State&flagRetried != 0, q.Hook.State&flagFresh != 0
	f := u.fit(e)
	switch {
	case e.Code == codeCancelled:
		if retried || !u.repeatable() && !u.wholeScript() || !cn.cancelledByNeighbour(e) {
			return false // at most once: when it is the server that stops it, twice is twice the load
		}
	case e.Code == codeReadOnly: // in a session of ours; elsewhere see writeRefused
		if retried || !cn.askOnRelease || !u.repeatable() {
			return false
		}
	case f == fits:
		return false
	case f == typesDoubtful:
		if fresh && u.kind != unitBatch {
			return false // it is as it says
		}
		d := newPendingError(cn, u)
		if cn.dropStale(u, e, f); fresh {
			return false
		}
		q.Hook.Data = d
		return q.Rewind()
	default:
		if f == planFailed && fresh && u.kind != unitBatch {
			return false
		}
		cn.dropStale(u, e, f)
		if retried || f == lookupFailed || u.outdated && cn.held == nil && !u.onlyReads() { // see outdated
			return false
		}
	}
	q.Hook.State |= flagRetried
	return q.Rewind()
}

// pendingError is an error that stands if the statement's parameters, described anew,
// are what they were.
//
// Owner: reactor.
type pendingError struct {
	sql   string
	shape *wire.Shape
	err   error
}

func newPendingError(cn *conn, u *unit) *pendingError {
	_, sh := u.current()
	d := &pendingError{sql: u.q.SQL, shape: sh, err: cn.outcome(u)}
	if u.kind == unitBatch {
		d.sql = u.q.Items[u.item].SQL
	}
	return d
}

// errorStands tells whether q has failed because of a value, and nothing else: the
// parameters of s, described anew, are what they were.
func errorStands(q *driver.Query, s *statement, now *wire.Shape) bool {
	d, ok := q.Hook.Data.(*pendingError)
	if !ok || d.sql != s.sql {
		return false
	}
	if slices.Equal(d.shape.Params(), now.Params()) {
		return true
	}
	q.Hook.Data = nil
	return false
}

// forgetPrepared drops what is prepared of a statement on all connections of the core.
func (c *core) forgetPrepared(sql string) {
	if s := c.statements.bySQL[sql]; s != nil {
		for _, cn := range c.conns {
			cn.forgetPrepared(s)
		}
	}
}

// forgetPrepared drops the prepared form of s on this connection.
func (cn *conn) forgetPrepared(s *statement) {
	if cn.unnamed {
		s.last = nil
	}
	if p := s.on[cn.slot]; p != nil && p.shape != nil {
		cn.deallocate(s, p)
	}
}
