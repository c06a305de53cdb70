package db

import (
	"context"
	"reflect"

	"github.com/fasterapi/fasterapi/async"
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
	items   []*Query
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
	b.add(OpOne, item, sql, args)
	return &item.Item
}

// Query adds a statement with rows.
func (b *Batch) Query[T any](sql string, args ...any) *Item[[]T] {
	item := &manyItem[T]{}
	item.Value = []T{}
	b.add(OpQuery, item, sql, args)
	return &item.Item
}

// Exec adds a statement without rows.
func (b *Batch) Exec(sql string, args ...any) *Item[Result] {
	item := &execItem{}
	b.add(OpExec, item, sql, args)
	return &item.Item
}

// Len returns the number of statements.
func (b *Batch) Len() int { return len(b.items) }

func (b *Batch) add(op Op, s sink, sql string, args []any) {
	q, err := newQuery(context.Background(), b.querier.driver, op, sql, args)
	if err != nil {
		if b.err == nil {
			b.err = &BatchError{Index: len(b.items), SQL: sql, Err: err}
		}
		return
	}
	q.sink = s
	b.items = append(b.items, q)
}

// Send runs the statements in order. Its future fails with a [*BatchError] when
// one of them fails. A batch is sent once.
func (b *Batch) Send(ctx context.Context) async.Future[struct{}] {
	items := b.items
	b.items = nil
	if b.err != nil || len(items) == 0 {
		recycleAll(items)
		if b.err != nil {
			return async.Failed[struct{}](b.err)
		}
		return async.Ready(struct{}{})
	}
	q, err := b.querier.query(ctx, OpBatch, "", nil)
	if err != nil {
		recycleAll(items)
		return async.Failed[struct{}](err)
	}
	q.Items = items
	promise, future := async.NewPromise[struct{}](q.site.Scheduler)
	onLeave(q, promise)
	q.start(&batchSink{promise}, b.querier.session)
	return future
}

func recycleAll(items []*Query) {
	for _, q := range items {
		q.recycle()
	}
}

// batchSink settles a batch.
//
// Owner: the driver, until settle.
type batchSink struct{ promise async.Promise[struct{}] }

func (s *batchSink) rowType() reflect.Type { return nil }
func (s *batchSink) next() pointer         { return nil }

func (s *batchSink) settle(q *Query, err error, owner bool) bool {
	for _, item := range q.Items {
		item.sink.settle(item, err, owner)
	}
	recycleAll(q.Items)
	return settle(s.promise, struct{}{}, err, owner)
}

// oneItem, manyItem and execItem are the sinks of a batch's statements; the
// batch settles them all together.
//
// Owner: the driver, until settle.
type oneItem[T any] struct{ Item[T] }

func (i *oneItem[T]) rowType() reflect.Type            { return reflect.TypeFor[T]() }
func (i *oneItem[T]) next() pointer                    { return addressOf(&i.Value) }
func (i *oneItem[T]) settle(*Query, error, bool) bool  { return true }
func (i *manyItem[T]) rowType() reflect.Type           { return reflect.TypeFor[T]() }
func (i *manyItem[T]) next() pointer                   { return appendRow(&i.Value) }
func (i *manyItem[T]) settle(*Query, error, bool) bool { return true }

// manyItem: see oneItem.
//
// Owner: the driver, until settle.
type manyItem[T any] struct{ Item[[]T] }

// execItem: see oneItem.
//
// Owner: the driver, until settle.
type execItem struct{ Item[Result] }

func (i *execItem) rowType() reflect.Type { return nil }
func (i *execItem) next() pointer         { return nil }

func (i *execItem) settle(q *Query, _ error, _ bool) bool {
	i.Value = q.result
	return true
}

func (*batchSink) rewind()     {}
func (i *oneItem[T]) rewind()  { i.Value = *new(T) }
func (i *manyItem[T]) rewind() { clear(i.Value); i.Value = i.Value[:0] }
func (*execItem) rewind()      {}
