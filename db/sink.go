package db

import (
	"reflect"

	"github.com/fasterapi/fasterapi/async"
)

// The sinks: one small object per call that knows the row type.

// oneSink takes one row.
//
// Owner: the driver, until settle.
type oneSink[T any] struct {
	promise async.Promise[T]
	value   T
}

func (s *oneSink[T]) rowType() reflect.Type { return reflect.TypeFor[T]() }
func (s *oneSink[T]) next() pointer         { return addressOf(&s.value) }

func (s *oneSink[T]) settle(_ *Query, err error, owner bool) bool {
	return settle(s.promise, s.value, err, owner)
}

// manySink collects rows.
//
// Owner: the driver, until settle.
type manySink[T any] struct {
	promise async.Promise[[]T]
	rows    []T
}

func (s *manySink[T]) rowType() reflect.Type { return reflect.TypeFor[T]() }
func (s *manySink[T]) next() pointer         { return appendRow(&s.rows) }

func (s *manySink[T]) settle(_ *Query, err error, owner bool) bool {
	if s.rows == nil {
		s.rows = []T{} // an empty list, not null, in JSON
	}
	return settle(s.promise, s.rows, err, owner)
}

// firstRows is the capacity that the first row of a result allocates.
const firstRows = 8

// appendRow adds a zero row and returns its place.
func appendRow[T any](rows *[]T) pointer {
	if *rows == nil {
		*rows = make([]T, 0, firstRows)
	}
	var zero T
	*rows = append(*rows, zero)
	return addressOf(&(*rows)[len(*rows)-1])
}

// execSink takes the result of a statement without rows.
//
// Owner: the driver, until settle.
type execSink struct{ promise async.Promise[Result] }

func (s *execSink) rowType() reflect.Type { return nil }
func (s *execSink) next() pointer         { return nil }

func (s *execSink) settle(q *Query, err error, owner bool) bool {
	return settle(s.promise, q.result, err, owner)
}

// beginSink takes the session of a transaction. When the caller has left the
// session goes back.
//
// Owner: the driver, until settle.
type beginSink struct{ promise async.Promise[held] }

func (s *beginSink) rowType() reflect.Type { return nil }
func (s *beginSink) next() pointer         { return nil }

func (s *beginSink) settle(q *Query, err error, owner bool) bool {
	h := held{q.session, q.driver, OpRollback}
	took := settle(s.promise, h, err, owner)
	if !took && err == nil {
		h.Discard()
	}
	return took
}

// held is a session that somebody must end.
//
// Owner: any (immutable after New).
type held struct {
	session Session
	driver  Driver
	last    Op // what ends it
}

// Discard ends the session without waiting (async.Discarder).
func (h held) Discard() {
	if h.session != nil {
		drop(h.driver, h.session, h.last)
	}
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

func (s *oneSink[T]) rewind()  { s.value = *new(T) }
func (s *manySink[T]) rewind() { clear(s.rows); s.rows = s.rows[:0] }
func (*execSink) rewind()      {}
func (*beginSink) rewind()     {}
