package db

import (
	"context"
	"iter"
	"reflect"

	"github.com/fasterapi/fasterapi/async"
)

// portion is how many rows of a stream are in memory at a time: enough to make
// a fetch cheap per row, few enough to be no burden.
const portion = 128

// Each returns the rows of a statement one by one, in the straight-line style:
//
//	for user, err := range pool.Each[User](c, "SELECT ... FROM users") {
//		if err != nil { return err }
//		...
//	}
//
// The next 128 rows are fetched when the loop asks for them, so a slow loop
// slows the database down instead of filling memory. An error ends the loop and
// comes as the last pair. The stream holds a connection until the loop ends,
// also by break, return or panic. The sequence can be ranged over again: the
// statement then runs again.
//
// It awaits, so it must not be used in a chain on the reactor (the error is
// async.ErrWouldBlock); there, page through with Query.
func (r *Querier) Each[T any](ctx context.Context, sql string, args ...any) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var q *Query
		var err error
		if site := async.SiteOf(ctx); site.Direct && site.Coroutine == nil {
			err = async.ErrWouldBlock // always, not only when the rows are late
		} else {
			q, err = r.query(ctx, OpStream, sql, args)
		}
		session, buffer := r.session, []T(nil)
		var open Session
		defer func() {
			if open != nil {
				drop(r.driver, open, OpStop)
			}
		}()
		for {
			var p portionOf[T]
			if err == nil {
				p, err = fetch(ctx, q, session, buffer).Await(ctx)
			}
			if err != nil {
				// The driver has ended the stream, or will find it abandoned:
				// portionSink sees to that.
				open = nil
				var zero T
				yield(zero, err)
				return
			}
			open = p.next
			for i := range p.rows {
				if !yield(p.rows[i], nil) {
					return
				}
			}
			if open == nil {
				return
			}
			session, buffer = open, p.rows
			if q, err = r.part.query(ctx, r.driver, OpFetch, "", nil); err != nil {
				if r.part != nil {
					r.part.doom(err) // a statement that also writes has done so
				}
				drop(r.driver, open, OpStop)
			}
		}
	}
}

// portionOf is some rows of a stream and where to get the rest.
//
// Owner: any (immutable after New).
type portionOf[T any] struct {
	rows   []T
	next   Session // nil: these were the last
	driver Driver
}

// Discard ends a stream whose reader has left (async.Discarder).
func (p portionOf[T]) Discard() {
	if p.next != nil {
		drop(p.driver, p.next, OpStop)
	}
}

// fetch starts q, which brings the next portion into buffer's memory.
func fetch[T any](_ context.Context, q *Query, session Session, buffer []T) async.Future[portionOf[T]] {
	clear(buffer)
	q.Limit = portion
	promise, future := async.NewPromise[portionOf[T]](q.site.Scheduler)
	onLeave(q, promise)
	q.start(&portionSink[T]{promise: promise, rows: buffer[:0]}, session)
	return future
}

// portionSink collects one portion.
//
// Owner: the driver, until settle.
type portionSink[T any] struct {
	promise async.Promise[portionOf[T]]
	rows    []T
}

func (s *portionSink[T]) rowType() reflect.Type { return reflect.TypeFor[T]() }
func (s *portionSink[T]) next() pointer         { return appendRow(&s.rows) }

func (s *portionSink[T]) settle(q *Query, err error, owner bool) bool {
	p := portionOf[T]{s.rows, q.session, q.driver}
	if err != nil {
		p.Discard()
	}
	took := settle(s.promise, p, err, owner)
	if !took && err == nil {
		p.Discard()
	}
	return took
}

// drop ends a session and does not wait for it. The operation runs without a
// context: it must not be cancelled.
func drop(d Driver, s Session, last Op) {
	q, err := newQuery(context.Background(), d, last, "", nil)
	if err != nil {
		return // a background context has no error, an empty list no bad argument
	}
	q.start(forget{}, s)
}

// forget is the sink of an operation whose outcome nobody needs.
//
// Owner: any (immutable after New).
type forget struct{}

func (forget) rowType() reflect.Type           { return nil }
func (forget) next() pointer                   { return nil }
func (forget) settle(*Query, error, bool) bool { return true }

func (s *portionSink[T]) rewind() { clear(s.rows); s.rows = s.rows[:0] }
func (forget) rewind()            {}
