package db

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

var (
	// ErrNoRows: One found no row.
	ErrNoRows = errors.New("db: no rows")
	// ErrTooManyRows: One found a second row. A statement that may match
	// several rows says which one it means with ORDER BY and LIMIT 1.
	ErrTooManyRows = errors.New("db: more than one row")
	// ErrPoolExhausted: no connection became free in time, or the queue of
	// waiting calls is full. The statement has not run: it is safe to retry,
	// later. Over HTTP: 503 with Retry-After.
	ErrPoolExhausted error = exhausted{}
	// ErrClosed: the pool is closed or closing.
	ErrClosed = errors.New("db: pool is closed")
	// ErrTxDone: the transaction has been committed or rolled back.
	ErrTxDone = errors.New("db: transaction is done")
)

// Kind is the reason of an [Error], the same for every driver.
type Kind uint8

// The kinds of database errors.
const (
	Other               Kind = iota // none of the below
	UniqueViolation                 // a row with this key exists
	ForeignKeyViolation             // the row referred to does not exist, or is still referred to
	NotNullViolation                // NULL in a NOT NULL column
	CheckViolation                  // a CHECK constraint
	Serialization                   // concurrent transactions: run it again
	Deadlock                        // concurrent transactions: run it again
	Busy                            // another process holds the lock: try again later
	Invalid                         // syntax error, unknown table or column, wrong parameters
	ReadOnly                        // a write to a read-only database or transaction
	Full                            // disk or database full
	Corrupt                         // the file is damaged, or not a database
	Unavailable                     // cannot open or reach the database, or the connection broke
	Timeout                         // the server's statement timeout
	Permission                      // not allowed
)

var kindNames = [...]string{
	"error", "unique violation", "foreign key violation", "not null violation", "check violation",
	"serialization failure", "deadlock", "busy", "invalid statement", "read-only", "full", "corrupt",
	"unavailable", "timeout", "permission denied",
}

// String returns the kind in words, as in "unique violation".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "error"
}

// Error is what the database said. Fields that the driver does not know are
// empty. It never holds parameter values of the call.
//
// Owner: any (a plain value).
type Error struct {
	Kind       Kind
	Code       string // SQLSTATE, or SQLite's extended code ("SQLITE_CONSTRAINT_UNIQUE")
	Message    string // the database's own words
	Constraint string // its name; SQLite names columns instead: "users.email"
	Table      string
	Column     string
	SQL        string // the statement, with placeholders
	Retry      bool   // see SafeToRetry
	Err        error  // what the driver got, may be nil
}

// Error returns the kind, the database's message, the code and the statement.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("db: ")
	b.WriteString(e.Kind.String())
	b.WriteString(": ")
	b.WriteString(e.Message)
	if e.Code != "" {
		fmt.Fprintf(&b, " (%s)", e.Code)
	}
	if e.SQL != "" {
		fmt.Fprintf(&b, " in %q", shortened(e.SQL))
	}
	return b.String()
}

// Unwrap returns the driver's own error. For what is Unavailable and safe to retry
// it is below one that says 503 and Retry-After to an HTTP server; a statement that
// may have run is a 500 which says that nobody knows, since clients that come back as told would run it
// twice (docs/decisions/0014). A text that Postgres cannot hold is below one that says 400, with
// words for the client.
func (e *Error) Unwrap() error {
	switch {
	case e.Kind == Unavailable && e.Retry:
		return unavailable{e.Err}
	case e.Kind == Unavailable:
		return unknownOutcome{e.Err}
	case e.Kind == Invalid && (e.Code == codeNotInRepertoire || e.Code == codeUntranslatable):
		return badText{e.Err}
	}
	return e.Err
}

// exhausted is the type of ErrPoolExhausted.
//
// Owner: any (immutable once made).
type exhausted struct{}

func (exhausted) Error() string             { return "db: pool exhausted" }
func (exhausted) SafeToRetry() bool         { return true }
func (exhausted) HTTPStatus() int           { return http.StatusServiceUnavailable }
func (exhausted) RetryAfter() time.Duration { return retryAfter }

// retryAfter is when a client should try again.
const retryAfter = time.Second

// unavailable makes an error that comes out of an HTTP handler a 503 with
// Retry-After.
//
// Owner: any (immutable once made).
type unavailable struct{ err error }

func (u unavailable) Error() string {
	if u.err == nil {
		return "db: unavailable"
	}
	return u.err.Error()
}

func (u unavailable) Unwrap() error             { return u.err }
func (u unavailable) HTTPStatus() int           { return http.StatusServiceUnavailable }
func (u unavailable) RetryAfter() time.Duration { return retryAfter }

// unknownOutcome makes an error that comes out of an HTTP handler a 500 that says why.
//
// Owner: any (immutable after New).
type unknownOutcome struct{ err error }

func (u unknownOutcome) Error() string {
	if u.err == nil {
		return "db: the outcome is unknown"
	}
	return u.err.Error()
}

func (u unknownOutcome) Unwrap() error { return u.err }
func (u unknownOutcome) PublicDetail() string {
	return "the database failed while it was at this, and nobody knows whether it was done: look before sending it again"
}

// What Postgres says of a character that it cannot hold: U+0000 in a text, and in JSON, where it is
// written \u0000. Both are of class 22, data that is wrong.
const (
	codeNotInRepertoire = "22021"
	codeUntranslatable  = "22P05"
)

// badText makes an error that comes out of an HTTP handler a 400: JSON and forms may have U+0000
// in a text, so it is a client that sends one. Which text it was the database does not say.
//
// Owner: any (immutable once made).
type badText struct{ err error }

func (b badText) Error() string {
	if b.err == nil {
		return "db: a character that the database cannot hold"
	}
	return b.err.Error()
}

func (b badText) Unwrap() error   { return b.err }
func (b badText) HTTPStatus() int { return http.StatusBadRequest }
func (b badText) PublicDetail() string {
	return "a text has a character that cannot be stored, such as U+0000: send it without"
}

// SafeToRetry tells that the statement, or the whole transaction it was part
// of, has certainly had no effect and may be run again.
func (e *Error) SafeToRetry() bool { return e.Retry }

// Answered tells that the database is well, and that this is its answer to the statement: a row that is there
// already, say. Breakers of package resilience count it as a success, so that clients who
// send the same thing again cannot open one.
func (e *Error) Answered() bool {
	switch e.Kind {
	case UniqueViolation, ForeignKeyViolation, NotNullViolation, CheckViolation, Serialization, Deadlock, Invalid:
		return true
	case Permission:
		return e.Code == codeNoPrivilege // else there may be none for anything
	case Other:
		return strings.HasPrefix(e.Code, classRaised) || strings.HasPrefix(e.Code, constraintOfSQLite)
	}
	return false
}

// Codes of what a statement has asked for: a privilege that the role has not got, what functions of Postgres raise
// (class P0), and the constraint that a trigger of SQLite raises.
const (
	codeNoPrivilege    = "42501"
	classRaised        = "P0"
	constraintOfSQLite = "SQLITE_CONSTRAINT"
)

// shortened cuts a long statement for messages, at 200 bytes.
func shortened(sql string) string {
	const most = 200
	sql = strings.Join(strings.Fields(sql), " ")
	if len(sql) <= most {
		return sql
	}
	return sql[:most] + "..."
}

// KindOf returns the kind of the [*Error] in err's chain; Other when there is
// none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Other
}

// SafeToRetry tells whether what failed with err has certainly had no effect:
// [ErrPoolExhausted], and any error in the chain whose SafeToRetry method says
// so.
func SafeToRetry(err error) bool {
	if errors.Is(err, ErrPoolExhausted) {
		return true
	}
	var behaviour interface{ SafeToRetry() bool }
	return errors.As(err, &behaviour) && behaviour.SafeToRetry()
}

// MappingError says why a column and a Go value do not fit.
//
// Owner: any (a plain value).
type MappingError struct {
	Column     string // column name; "" when a field has no column
	ColumnType string // the database's name of its type
	Field      string // "User.Email"; "" when the row is one plain value, or no field fits
	GoType     string // the field's type, or the row type when no field fits
	Reason     string
}

// Error names column, database type, field and Go type.
func (e *MappingError) Error() string {
	var b strings.Builder
	b.WriteString("db: ")
	if e.Column != "" {
		fmt.Fprintf(&b, "column %q", e.Column)
		if e.ColumnType != "" {
			fmt.Fprintf(&b, " (%s)", e.ColumnType)
		}
	}
	if e.Field != "" {
		if e.Column != "" {
			b.WriteString(" into ")
		}
		fmt.Fprintf(&b, "field %s", e.Field)
	}
	if e.GoType != "" {
		if e.Field == "" && e.Column != "" {
			b.WriteString(" into")
		}
		fmt.Fprintf(&b, " %s", e.GoType)
	}
	b.WriteString(": ")
	b.WriteString(e.Reason)
	return b.String()
}

// BatchError names the statement that made a batch fail; none of the batch's
// statements has had an effect.
//
// Owner: any (a plain value).
type BatchError struct {
	Index int    // of the statement in the batch, from 0
	SQL   string // the statement, with placeholders
	Err   error
}

// Error names the statement by index and text.
func (e *BatchError) Error() string {
	return fmt.Sprintf("db: batch statement %d (%q): %v", e.Index, shortened(e.SQL), e.Err)
}

// Unwrap returns the statement's own error.
func (e *BatchError) Unwrap() error { return e.Err }
