package db

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/async"
)

// Query is one call on its way through a driver: statement, parameters, the
// place for the rows, and the promise of the result.
//
// Owner: the driver, from Start to Finish. Cancelled and Cause: any.
type Query struct {
	Op    Op
	Limit int       // OpStream, OpFetch: rows per portion
	SQL   string    // statement with $1, $2 ...
	Tx    TxOptions // OpBegin
	Items []*Query  // OpBatch: the statements; they are not started or finished themselves
	Hook  Hook      // the driver's own

	ctx       context.Context
	site      async.Site
	driver    Driver
	sink      sink
	row       Row
	rows      int
	result    Result
	session   Session
	params    []Param
	part      *part   // of the transaction that it belongs to
	taking    *taking // of its outcome; nil: nothing depends on that
	unsent    bool
	cancelled atomic.Bool
	watch     async.Watcher
	abort     func() // q.cancel, made once per recycled Query
	inline    [4]Param
}

// Hook is room in a Query for the driver, so that queues need no allocation. It
// is zero when Start is called.
//
// Owner: the driver.
type Hook struct {
	Next, Prev *Query
	Holder     any       // the connection or queue that has it
	Data       any       // whatever belongs to it
	Since      time.Time // when it was queued
	State      uint8
	// Core is for drivers that give queries to one of several owners: which one
	// has it now, so that Cancel finds it. Any goroutine.
	Core atomic.Int32
}

// sink is the typed half of a query: where rows and result go.
type sink interface {
	rowType() reflect.Type // nil: no rows
	next() pointer         // the place of the next row
	rewind()               // forget the rows
	// settle hands over the result; false when the caller had left already.
	settle(q *Query, err error, owner bool) bool
}

// queries recycles Query values: with its parameters inline one is about 500
// bytes, too much to allocate per call.
var queries = sync.Pool{New: func() any {
	q := new(Query)
	q.abort = q.cancel
	return q
}}

// newQuery takes over the arguments of a call. The arguments do not escape.
func newQuery(ctx context.Context, driver Driver, op Op, sql string, args []any) (*Query, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	q := queries.Get().(*Query)
	q.Op, q.SQL, q.ctx, q.driver, q.site = op, sql, ctx, driver, async.SiteOf(ctx)
	if err := q.setParams(args); err != nil {
		q.recycle()
		return nil, err
	}
	return q, nil
}

func (q *Query) setParams(args []any) error {
	q.params = q.inline[:0]
	for i := range args {
		p, err := paramOf(args[i])
		if err != nil {
			return fmt.Errorf("%w ($%d)", err, i+1)
		}
		q.params = append(q.params, p)
	}
	return nil
}

// start makes everything ready for cancellation and gives q to the driver. A
// context that has ended in the meantime counts as a cancellation before Start.
func (q *Query) start(s sink, session Session) {
	q.sink = s
	q.watch.Cancelled = q.abort
	if !async.OnCancel(q.ctx, &q.watch) {
		q.cancelled.Store(true)
		if !q.Op.ends() {
			q.Unsent()
			q.Finish(q.Cause())
			return
		}
	}
	if session != nil {
		session.Start(q)
		return
	}
	q.driver.Start(q)
}

// Params returns the parameters in order. Lease: until Finish.
func (q *Query) Params() []Param { return q.params }

// Context returns the context of the call: for its values and its deadline. Its
// cancellation reaches the driver through Cancel.
func (q *Query) Context() context.Context { return q.ctx }

// Site tells where the caller runs and where the future resolves.
func (q *Query) Site() async.Site { return q.site }

// Cancelled tells whether the caller has gone. Any goroutine, until Finish.
func (q *Query) Cancelled() bool { return q.cancelled.Load() }

// Cause is the error with which to finish a cancelled query: the cause of the
// context, or context.Canceled.
func (q *Query) Cause() error {
	if q.ctx.Err() != nil {
		return context.Cause(q.ctx)
	}
	return context.Canceled
}

// cancel is called when the context ends or the future is cancelled.
func (q *Query) cancel() {
	if !q.cancelled.Swap(true) {
		q.driver.Cancel(q)
	}
}

// Describe tells what the rows look like, before the first row and also when
// there will be none; a later call replaces an earlier one. The error, if any, is the one that the query will finish
// with: columns and row type do not match, running on is pointless.
func (q *Query) Describe(d *Description) error {
	t := q.sink.rowType()
	if t == nil {
		return nil
	}
	q.row.plan = d.planFor(t)
	q.row.err = q.row.plan.err
	return q.row.err
}

// Custom tells whether the driver is to decode a column by itself, into
// Row.Pointer (Column.Accepts); false before Describe and where no rows are wanted.
func (q *Query) Custom(column int) bool {
	return q.row.plan != nil && column < len(q.row.plan.fields) && q.row.plan.fields[column].kind == kindCustom
}

// Next begins a row. It returns nil when the row is not wanted: the operation
// takes no rows, One has its row, or an earlier row did not fit; then no further
// row is wanted either.
func (q *Query) Next() *Row {
	if q.row.plan == nil || q.row.err != nil {
		return nil
	}
	q.rows++
	if q.Op == OpOne && q.rows > 1 {
		q.row.err = ErrTooManyRows
		return nil
	}
	q.row.base = q.sink.next()
	return &q.row
}

// Rows returns how many rows Next has begun, in this portion.
func (q *Query) Rows() int { return q.rows }

// Affected records the outcome of a write.
func (q *Query) Affected(rows, lastInsertID int64) {
	q.result = Result{RowsAffected: rows, LastInsertID: lastInsertID}
}

// Hold gives the caller the session that OpBegin made.
func (q *Query) Hold(s Session) { q.session = s }

// Suspend says that a stream has more rows, to be fetched from s.
func (q *Query) Suspend(s Session) { q.session = s }

// Rewind makes q forget its rows, for a driver that runs it once more. It returns
// false when that cannot be done: a portion of a stream was handed out before.
func (q *Query) Rewind() bool {
	if q.Op == OpFetch {
		return false
	}
	for _, item := range q.Items {
		item.Rewind()
	}
	if q.rows > 0 {
		q.sink.rewind()
	}
	q.rows, q.row.err, q.result = 0, nil, Result{}
	return true
}

// Err is what the rows so far amount to: nil, a *MappingError, ErrTooManyRows,
// or, when all rows are in, ErrNoRows. A batch checks it for each of its items.
func (q *Query) Err() error {
	if q.row.err != nil {
		return q.row.err
	}
	if q.Op == OpOne && q.rows == 0 {
		return ErrNoRows
	}
	return nil
}

// Finish ends the query from any goroutine: with err, else with Err, else with
// its result. The query must not be touched afterwards.
func (q *Query) Finish(err error) { q.finish(err, false) }

// FinishHere is Finish on the owner of q.Site().Scheduler.
func (q *Query) FinishHere(err error) { q.finish(err, true) }

// Unsent says, before Finish, that the query was dropped before anything of it
// was sent: it has certainly not happened. What is cancelled without that may
// have happened, so a transaction that it belongs to will not be committed.
func (q *Query) Unsent() { q.unsent = true }

// Doom is why OpCommit must roll back and finish with this error; nil when it may
// commit. It is final once the queries that were started before have finished.
func (q *Query) Doom() error {
	if q.Op != OpCommit || q.part == nil {
		return nil
	}
	return q.part.end()
}

func (q *Query) finish(err error, owner bool) {
	alone := q.watch.Stop()
	if err == nil {
		err = q.Err()
	}
	t := q.taking
	if t != nil && (!q.unsent || q.Op == OpFetch) { // what a stream did it did with its start
		t.sent.Store(true)
		if err != nil && q.Cancelled() {
			t.part.doom(err) // before anybody hears of it
		}
	}
	took := q.sink.settle(q, err, owner)
	if t != nil && !took {
		t.left(false)
	}
	// When the promise took the result no cancellation through it will come,
	// and when the watch was stopped in time none through the context: then
	// nobody else knows this query.
	if took && alone {
		q.recycle()
	}
}

// recycle makes q ready for the next call.
func (q *Query) recycle() {
	abort := q.abort
	*q = Query{abort: abort}
	queries.Put(q)
}
