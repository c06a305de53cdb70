package db

import (
	"context"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db/driver"
)

// Batch collects statements that are sent together: in one transaction and, with
// a driver that can, in one round trip. Either all of them take effect or none.
// One that returns rows and also writes takes a second round trip on Postgres,
// for the commit: it waits until the rows have turned out to be as asked. Each item
// is one statement; what cannot run in a transaction (VACUUM, a procedure that
// commits) fails.
//
//	b := pool.Batch()
//	user := b.One[User]("SELECT ... WHERE id = $1", id)
//	orders := b.Query[Order]("SELECT ... WHERE user_id = $1", id)
//	if err := b.Send(c).Await(c); err != nil { ... }
//	use(user.Value, orders.Value)
//
// Owner: whoever makes it, until Send.
type Batch struct {
	querier *Querier
	items   []*driver.Query
	err     error
}

// Item holds the outcome of one statement of a batch. Value is set once Send's
// future has succeeded; after a failure it means nothing.
//
// Owner: the batch, until Send's future settles.
type Item[T any] struct{ Value T }

// Batch makes an empty batch.
func (r *Querier) Batch() *Batch { return &Batch{querier: r} }

// One adds a statement with exactly one row.
func (b *Batch) One[T any](sql string, args ...any) *Item[T] {
	item := &oneItem[T]{}
	b.add(driver.OpOne, item, sql, args)
	return &item.Item
}

// Query adds a statement with rows.
func (b *Batch) Query[T any](sql string, args ...any) *Item[[]T] {
	item := &manyItem[T]{}
	item.Value = []T{}
	b.add(driver.OpQuery, item, sql, args)
	return &item.Item
}

// Exec adds a statement without rows.
func (b *Batch) Exec(sql string, args ...any) *Item[Result] {
	item := &execItem{}
	b.add(driver.OpExec, item, sql, args)
	return &item.Item
}

// Len returns the number of statements.
func (b *Batch) Len() int { return len(b.items) }

func (b *Batch) add(op driver.Op, s driver.Sink, sql string, args []any) {
	q, err := driver.New(context.Background(), b.querier.driver, op, sql, args)
	if err != nil {
		if b.err == nil {
			b.err = &BatchError{Index: len(b.items), SQL: sql, Err: err}
		}
		return
	}
	q.Into(s)
	b.items = append(b.items, q)
}

// Send runs the statements in order. Its future fails with a [*BatchError] when
// one of them fails. A batch is sent once.
func (b *Batch) Send(ctx context.Context) async.Future[struct{}] {
	items := b.items
	b.items = nil
	if b.err != nil || len(items) == 0 {
		releaseAll(items)
		if b.err != nil {
			return async.Failed[struct{}](b.err)
		}
		return async.Ready(struct{}{})
	}
	q, err := b.querier.query(ctx, driver.OpBatch, "", nil)
	if err != nil {
		releaseAll(items)
		return async.Failed[struct{}](err)
	}
	q.Items = items
	promise, future := async.NewPromise[struct{}](q.Site().Scheduler)
	launch(q, promise, &batchSink{promise: promise}, b.querier.part, b.querier.session)
	return future
}

func releaseAll(items []*driver.Query) {
	for _, q := range items {
		q.Release()
	}
}

// batchSink settles a batch, whose items the driver has settled.
//
// Owner: the driver, until Settle.
type batchSink struct {
	noRows
	promise async.Promise[struct{}]
}

func (s *batchSink) Settle(_ *driver.Query, err error, owner bool) bool {
	return settle(s.promise, struct{}{}, err, owner)
}

// oneItem, manyItem and execItem are the sinks of a batch's statements, which are
// settled with the batch.
//
// Owner: the driver, until Settle.
type oneItem[T any] struct{ oneRow[T] }

func (*oneItem[T]) Settle(*driver.Query, error, bool) bool { return true }

// manyItem: see oneItem.
//
// Owner: the driver, until Settle.
type manyItem[T any] struct{ manyRows[T] }

func (*manyItem[T]) Settle(*driver.Query, error, bool) bool { return true }

// execItem: see oneItem.
//
// Owner: the driver, until Settle.
type execItem struct {
	noRows
	Item[Result]
}

func (i *execItem) Settle(q *driver.Query, _ error, _ bool) bool {
	i.Value = resultOf(q)
	return true
}
