package db

import (
	"context"
	"iter"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db/driver"
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
		var q *driver.Query
		var err error
		if site := async.SiteOf(ctx); site.Direct && site.Coroutine == nil {
			err = async.ErrWouldBlock // always, not only when the rows are late
		} else {
			q, err = r.query(ctx, driver.OpStream, sql, args)
		}
		session, buffer := r.session, []T(nil)
		var open driver.Session
		defer func() {
			if open != nil {
				drop(r.driver, open, driver.OpStop)
			}
		}()
		for {
			var p portionOf[T]
			if err == nil {
				p, err = fetch(r, q, session, buffer).Await(ctx)
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
			if q, err = driver.New(ctx, r.driver, driver.OpFetch, "", nil); err != nil {
				if r.part != nil {
					r.part.doom(err) // a statement that also writes has done so
				}
				drop(r.driver, open, driver.OpStop)
			}
		}
	}
}

// portionOf is some rows of a stream and where to get the rest.
//
// Owner: any (immutable once made).
type portionOf[T any] struct {
	rows   []T
	next   driver.Session // nil: these were the last
	driver driver.Driver
}

// Discard ends a stream whose reader has left (async.Discarder).
func (p portionOf[T]) Discard() {
	if p.next != nil {
		drop(p.driver, p.next, driver.OpStop)
	}
}

// fetch starts q, which brings the next portion into buffer's memory.
func fetch[T any](r *Querier, q *driver.Query, session driver.Session, buffer []T) async.Future[portionOf[T]] {
	clear(buffer)
	q.Limit = portion
	promise, future := async.NewPromise[portionOf[T]](q.Site().Scheduler)
	s := &portionSink[T]{promise: promise, driver: r.driver}
	s.Value = buffer[:0]
	launch(q, promise, s, r.part, session)
	return future
}

// portionSink collects one portion.
//
// Owner: the driver, until Settle.
type portionSink[T any] struct {
	promise async.Promise[portionOf[T]]
	driver  driver.Driver
	manyRows[T]
}

func (s *portionSink[T]) Settle(q *driver.Query, err error, owner bool) bool {
	p := portionOf[T]{s.Value, q.Session(), s.driver}
	if err != nil {
		p.Discard()
	}
	took := settle(s.promise, p, err, owner)
	if !took && err == nil {
		p.Discard()
	}
	return took
}
