package driver

import (
	"reflect"
)

// Sink is the typed half of a query: where its rows and its outcome go, and the
// errors of rows that are not as asked. Package db makes one per call and hands it to
// [Query.Into]; a driver has nothing to do with it. One for OpCommit may also have a
// method Doom() error, for [Query.Doom].
type Sink interface {
	// RowType returns the type of a row; nil: the call takes none.
	RowType() reflect.Type
	// Next returns the place of the next row, zero, of that type.
	Next() Place
	// Rewind forgets the rows.
	Rewind()
	// Misfit returns the error of a column and a place of type t that do not fit. c
	// is nil where there is no column for a field, field is "" where there is no
	// field for a column or the row is one plain value.
	Misfit(c *Column, field string, t reflect.Type, reason string) error
	// Count returns the error of OpOne with another number of rows than one.
	Count(rows int) error
	// Settle hands over the outcome; false when the caller had left already. owner
	// says that it is called on the owner of the query's scheduler.
	Settle(q *Query, err error, owner bool) bool
}

type doomer interface{ Doom() error }
