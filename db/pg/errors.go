package pg

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATE codes that change what the driver does
// (https://www.postgresql.org/docs/current/errcodes-appendix.html).
const (
	codeReadOnly         = "25006" // read_only_sql_transaction
	codeCancelled        = "57014" // query_canceled: a cancel request or statement_timeout
	codeAdminShutdown    = "57P01"
	codeCrashShutdown    = "57P02"
	codeCannotConnectNow = "57P03"
	codeTooMany          = "53300" // too_many_connections
	codeNoStatement      = "26000" // invalid_sql_statement_name
	codeDuplicate        = "42P05" // duplicate_prepared_statement
	codeNotSupported     = "0A000" // also: cached plan must not change result type
	codeDeadlock         = "40P01"
	codeDivision         = "22012"
	codeTypeMismatch     = "42804"
	codePermission       = "42501"
	codeInternal         = "XX000" // internal_error
	codeProtocol         = "08P01" // protocol_violation
)

// revalidate is the server function that finds a prepared statement's result
// type changed; the message is translated, this name is not.
const revalidate = "RevalidateCachedQuery"

// errControl: with connections that many share, an open transaction would take
// the statements of others in.
var errControl = &db.Error{
	Kind: db.Invalid, Code: "25001", Message: "a transaction is begun and ended with Pool.Tx, not with a statement",
}

// kindOf sorts a SQLSTATE.
func kindOf(code string) db.Kind {
	switch code {
	case "23505", "23P01":
		return db.UniqueViolation
	case "23503", "23001":
		return db.ForeignKeyViolation
	case "23502":
		return db.NotNullViolation
	case "23514":
		return db.CheckViolation
	case "40001":
		return db.Serialization
	case codeDeadlock:
		return db.Deadlock
	case "55P03":
		return db.Busy
	case codeReadOnly:
		return db.ReadOnly
	case "42501":
		return db.Permission
	case codeCancelled:
		return db.Timeout
	case "08P01": // as the error of a statement: the call was wrong, not the connection
		return db.Invalid
	case "XX001", "XX002": // data_corrupted, index_corrupted; XX000 is any other mishap
		return db.Corrupt
	}
	if len(code) < 2 {
		return db.Other
	}
	switch code[:2] {
	case "42", "22", "0A", "26", "34", "3D", "3F":
		return db.Invalid
	case "08":
		return db.Unavailable
	case "53":
		if code == "53100" {
			return db.Full
		}
		return db.Unavailable
	case "57", "58":
		return db.Unavailable
	case "28":
		return db.Permission
	default:
		return db.Other
	}
}

// serverError turns what the server said into the error of a statement.
// Serialization failures and deadlocks have rolled the transaction back.
func serverError(e *pgconn.PgError, sql string) *db.Error {
	out := &db.Error{
		Kind: kindOf(e.Code), Code: e.Code, Message: e.Message,
		Constraint: e.ConstraintName, Table: e.TableName, Column: e.ColumnName, SQL: sql, Err: e,
	}
	if e.Hint != "" {
		out.Message += " (hint: " + e.Hint + ")"
	}
	out.Retry = out.Kind == db.Serialization || out.Kind == db.Deadlock
	return out
}

// connectError is why there is no connection; nothing has run.
func connectError(err error) *db.Error {
	out := &db.Error{Kind: db.Unavailable, Message: "cannot connect: " + err.Error(), Retry: true, Err: err}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		out.Code = e.Code
	}
	return out
}

// brokenError is what calls on a broken connection end with.
func brokenError(why error, sql string, safe bool) *db.Error {
	out := &db.Error{Kind: db.Unavailable, Message: "the connection broke: " + why.Error(), SQL: sql, Retry: safe, Err: why}
	if e, ok := errors.AsType[*pgconn.PgError](why); ok {
		out.Code = e.Code
	}
	return out
}

// redacted is an error whose text or data may have held a password: pgconn's
// hold the whole configuration.
//
// Owner: any (immutable once made).
type redacted struct {
	text  string
	cause error // what holds none of that: a *pgconn.PgError, or a context's error
}

func (r redacted) Error() string { return r.text }

func (r redacted) Unwrap() error { return r.cause }

// redact takes the connection string and passwords out of an error.
func redact(err error, target *pgconn.Config, dsn string) error {
	out := redacted{text: err.Error()}
	if e, ok := errors.AsType[redacted](err); ok {
		out.cause = e.cause
	} else if e, ok := errors.AsType[*hookError](err); ok {
		out.cause = e.err // the user's own
	} else if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		out.cause = e
	} else if errors.Is(err, context.DeadlineExceeded) {
		out.cause = context.DeadlineExceeded
	} else if errors.Is(err, context.Canceled) {
		out.cause = context.Canceled
	}
	hide := func(secret, name string) {
		if secret != "" {
			out.text = strings.ReplaceAll(out.text, secret, name)
		}
	}
	hide(dsn, "(url)")
	if u, e := url.Parse(dsn); e == nil && u.User != nil {
		p, _ := u.User.Password()
		hide(p, "xxxxx")
		hide(url.QueryEscape(p), "xxxxx")
	}
	if target != nil {
		hide(target.Password, "xxxxx") // from wherever it came
	}
	return out
}

// badDSN is what is wrong with a connection string, without quoting it: nobody knows
// where in a broken one the password is.
func badDSN(err error) error {
	what := err.Error()
	if at := strings.LastIndex(what, "`: "); at >= 0 {
		what = what[at+3:] // "cannot parse `host=... password=...`: invalid port"
	}
	return errors.New("pg: cannot parse the connection string: " + what)
}

// checkHosts finds a password with an @ that is not escaped, before a part of it
// is looked up as a host.
func checkHosts(target *pgconn.Config) error {
	bad := func(host string) bool {
		return strings.LastIndexByte(host, '@') > 0 && host[0] != '/' && host[0] != '@'
	}
	is := bad(target.Host)
	for _, f := range target.Fallbacks {
		is = is || bad(f.Host)
	}
	if is {
		return errors.New("pg: the connection string has a host with an @: in a user name or a password write %40 instead")
	}
	return nil
}

// outcome is the error of a unit's query, nil if there is none but what its rows
// amount to.
func (cn *conn) outcome(u *unit) error {
	sql := u.q.SQL
	if u.refused {
		return copyError(sql)
	}
	if u.err == nil {
		return nil
	}
	e := u.err.(*pgconn.PgError)
	batched := u.kind == unitBatch && u.item < len(u.q.Items)
	if batched {
		sql = u.q.Items[u.item].SQL
	}
	err := serverError(e, sql)
	if (err.Kind == db.Unavailable || cn.refusedWrite(u)) && u.repeatable() {
		err.Retry = true // an ERROR has rolled its statement back
	}
	if batched {
		return &db.BatchError{Index: u.item, SQL: sql, Err: err}
	}
	return err
}

// itemError is the first error that the rows of a batch amount to.
func itemError(q *driver.Query) error {
	for i, item := range q.Items {
		if err := item.Err(); err != nil {
			return &db.BatchError{Index: i, SQL: item.SQL, Err: err}
		}
	}
	return nil
}

// invalid makes the error of a call that does not fit its statement.
func invalid(q *driver.Query, err error) error {
	return &db.Error{Kind: db.Invalid, Code: "08P01", Message: err.Error(), SQL: q.SQL, Err: errors.Unwrap(err)}
}

// copyError is the error of a COPY as a statement: nobody would send or take its rows.
func copyError(sql string) error {
	return &db.Error{Kind: db.Invalid, Code: codeNotSupported, Message: errCopy.Error(), SQL: sql, Err: errCopy}
}

func tooMuch(q *driver.Query, message string) error {
	return &db.Error{Kind: db.Invalid, Code: "54000", Message: message, SQL: q.SQL}
}

// errListen: the connection is shared, and nobody would take the notifications.
var errListen = errors.New("LISTEN as a statement: notifications come from pg.Listen")

// errTooLong is the reason of what is longer than maxSent.
var errTooLong = fmt.Errorf("the statement and its parameters are longer than the %d bytes of a message", maxSent)

// refusedWrite tells whether u failed because it writes where that is not allowed,
// although writes were asked for.
func (cn *conn) refusedWrite(u *unit) bool {
	e, ok := u.err.(*pgconn.PgError)
	return ok && e.Code == codeReadOnly && cn.link.wants != wantsAny && (cn.held == nil || !cn.held.readOnly)
}

// lostWrites tells whether the server has said that this connection is not what was
// asked for any more.
func (cn *conn) lostWrites() bool {
	switch cn.link.wants {
	case wantsReadWrite:
		return cn.report.standby || cn.report.readOnly
	case wantsPrimary:
		return cn.report.standby
	}
	return false
}
