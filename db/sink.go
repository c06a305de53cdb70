package db

import (
	"context"
	"reflect"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db/driver"
)

// The sinks: one small object per call that knows the row type.

// rowErrors makes the errors of rows that are not as asked. Every sink has it.
//
// Owner: any (immutable once made).
type rowErrors struct{}

func (rowErrors) Misfit(c *driver.Column, field string, t reflect.Type, reason string) error {
	e := &MappingError{Field: field, GoType: t.String(), Reason: reason}
	if c != nil {
		e.Column, e.ColumnType = c.Name, c.Type
	}
	return e
}

func (rowErrors) Count(rows int) error {
	if rows == 0 {
		return ErrNoRows
	}
	return ErrTooManyRows
}

// noRows is a sink's half for calls that take no rows.
//
// Owner: any (immutable once made).
type noRows struct{ rowErrors }

func (noRows) RowType() reflect.Type { return nil }
func (noRows) Next() driver.Place    { return nil }
func (noRows) Rewind()               {}

// oneRow is a sink's half that takes one row.
//
// Owner: the driver, until Settle.
type oneRow[T any] struct {
	rowErrors
	Item[T]
}

func (r *oneRow[T]) RowType() reflect.Type { return reflect.TypeFor[T]() }
func (r *oneRow[T]) Next() driver.Place    { return driver.Place(&r.Value) }
func (r *oneRow[T]) Rewind()               { r.Value = *new(T) }

// manyRows is a sink's half that collects rows.
//
// Owner: the driver, until Settle.
type manyRows[T any] struct {
	rowErrors
	Item[[]T]
}

func (r *manyRows[T]) RowType() reflect.Type { return reflect.TypeFor[T]() }
func (r *manyRows[T]) Next() driver.Place    { return appendRow(&r.Value) }
func (r *manyRows[T]) Rewind()               { clear(r.Value); r.Value = r.Value[:0] }

// firstRows is the capacity that the first row of a result allocates.
const firstRows = 8

// appendRow adds a zero row and returns its place.
func appendRow[T any](rows *[]T) driver.Place {
	if *rows == nil {
		*rows = make([]T, 0, firstRows)
	}
	var zero T
	*rows = append(*rows, zero)
	return driver.Place(&(*rows)[len(*rows)-1])
}

// oneSink takes one row.
//
// Owner: the driver, until Settle.
type oneSink[T any] struct {
	promise async.Promise[T]
	oneRow[T]
}

func (s *oneSink[T]) Settle(_ *driver.Query, err error, owner bool) bool {
	return settle(s.promise, s.Value, err, owner)
}

// manySink collects rows.
//
// Owner: the driver, until Settle.
type manySink[T any] struct {
	promise async.Promise[[]T]
	manyRows[T]
}

func (s *manySink[T]) Settle(_ *driver.Query, err error, owner bool) bool {
	if s.Value == nil {
		s.Value = []T{} // an empty list, not null, in JSON
	}
	return settle(s.promise, s.Value, err, owner)
}

// execSink takes the result of a statement without rows.
//
// Owner: the driver, until Settle.
type execSink struct {
	noRows
	promise async.Promise[Result]
}

func (s *execSink) Settle(q *driver.Query, err error, owner bool) bool {
	return settle(s.promise, resultOf(q), err, owner)
}

func resultOf(q *driver.Query) Result {
	rows, id := q.Written()
	return Result{RowsAffected: rows, LastInsertID: id}
}

// beginSink takes the session of a transaction. When the caller has left the
// session goes back.
//
// Owner: the driver, until Settle.
type beginSink struct {
	noRows
	promise async.Promise[held]
	driver  driver.Driver
}

func (s *beginSink) Settle(q *driver.Query, err error, owner bool) bool {
	h := held{q.Session(), s.driver}
	took := settle(s.promise, h, err, owner)
	if !took && err == nil {
		h.Discard()
	}
	return took
}

// held is the session of a transaction, which somebody must end.
//
// Owner: any (immutable once made).
type held struct {
	session driver.Session
	driver  driver.Driver
}

// Discard ends the session without waiting (async.Discarder).
func (h held) Discard() {
	if h.session != nil {
		drop(h.driver, h.session, driver.OpRollback)
	}
}

// forget is the sink of an operation whose outcome nobody needs.
//
// Owner: any (immutable once made).
type forget struct{ noRows }

func (forget) Settle(*driver.Query, error, bool) bool { return true }

// drop ends a session and does not wait for it. The operation runs without a
// context: it must not be cancelled.
func drop(d driver.Driver, s driver.Session, last driver.Op) {
	q, err := driver.New(context.Background(), d, last, "", nil)
	if err != nil {
		return // a background context has no error, an empty list no bad argument
	}
	q.Into(forget{})
	q.Start(s)
}

// launch starts q, whose rows and outcome go to s and whose promise is p. part is the
// transaction that depends on the outcome, nil for none.
func launch[T any](q *driver.Query, p async.Promise[T], s driver.Sink, part *part, session driver.Session) {
	if part == nil {
		p.OnCancel(q.Abort())
	} else {
		t := &taking{Sink: s, part: part, q: q}
		p.OnLeave(func() { t.left(p.Cancelled()) })
		s = t
	}
	q.Into(s)
	q.Start(session)
}

// exec launches a query without rows.
func exec(q *driver.Query, part *part, session driver.Session) async.Future[Result] {
	promise, future := async.NewPromise[Result](q.Site().Scheduler)
	launch(q, promise, &execSink{promise: promise}, part, session)
	return future
}

// settle gives a promise its outcome from wherever the driver runs.
func settle[T any](p async.Promise[T], v T, err error, owner bool) bool {
	if err != nil {
		var zero T
		v = zero
	}
	if owner {
		return p.Settle(v, err)
	}
	return p.Post(v, err)
}
