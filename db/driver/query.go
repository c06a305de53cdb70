package driver

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/note"
)

// Query is one call on its way through a driver: statement, parameters, the
// place for the rows, and the promise of the result.
//
// Owner: the driver, from Start to Finish. Cancelled and Cause: any.
type Query struct {
	Op        Op
	Isolation Isolation // OpBegin
	ReadOnly  bool      // OpBegin
	Limit     int       // OpStream, OpFetch: rows per portion
	SQL       string    // statement with $1, $2 ...
	Items     []*Query  // OpBatch: the statements; they are not started or finished themselves
	Hook      Hook      // the driver's own

	ctx       context.Context
	site      async.Site
	driver    Driver
	row       Row // and the sink
	rows      int
	affected  int64
	lastID    int64
	session   Session
	params    []Param
	unsent    bool
	cancelled atomic.Bool
	watch     async.Watcher
	abort     func()     // q.Cancel, made once per recycled Query
	notes     note.Taker // of the request that it runs for; nil: none, or nothing to note
	mark      note.Mark
	inline    [4]Param
}

// queries recycles Query values: with its parameters inline one is about 500
// bytes, too much to allocate per call.
var queries = sync.Pool{New: func() any {
	q := new(Query)
	q.abort = q.Cancel
	return q
}}

// New makes a query, for package db: it takes over the arguments of a call, which do
// not escape. [Query.Into] and [Query.Start] follow, or [Query.Release].
func New(ctx context.Context, d Driver, op Op, sql string, args []any) (*Query, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	q := queries.Get().(*Query)
	q.Op, q.SQL, q.ctx, q.driver, q.site = op, sql, ctx, d, async.SiteOf(ctx)
	if err := q.setParams(args); err != nil {
		q.Release()
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

// Into says where the rows and the outcome go. Package db calls it, before Start.
func (q *Query) Into(s Sink) { q.row.sink = s }

// Start makes everything ready for cancellation and gives q to the driver, or to a
// session of it. A context that has ended in the meantime counts as a cancellation
// before Start. Package db calls it.
func (q *Query) Start(session Session) {
	q.noteBegin()
	q.watch.Cancelled = q.abort
	if !async.OnCancel(q.ctx, &q.watch) {
		q.cancelled.Store(true)
		if !q.Op.EndsSession() {
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

// Cancel says that nobody needs q any more: its context has ended, or its future was
// cancelled. Any goroutine, until Finish.
func (q *Query) Cancel() {
	if !q.cancelled.Swap(true) {
		q.driver.Cancel(q)
	}
}

// Abort returns q.Cancel as a function, which is made once per recycled Query.
func (q *Query) Abort() func() { return q.abort }

// Describe tells what the rows look like, before the first row and also when
// there will be none; a later call replaces an earlier one. A non-nil error is final:
// columns and row type do not match.
func (q *Query) Describe(d *Description) error {
	t := q.row.sink.RowType()
	if t == nil {
		return nil
	}
	q.row.plan = d.planFor(t, q.row.sink)
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
		q.row.err = q.row.sink.Count(q.rows)
		return nil
	}
	q.row.base = q.row.sink.Next()
	return &q.row
}

// Rows returns how many rows Next has begun, in this portion.
func (q *Query) Rows() int { return q.rows }

// Affected records the outcome of a write, the numbers of a db.Result.
func (q *Query) Affected(rows, lastInsertID int64) { q.affected, q.lastID = rows, lastInsertID }

// Written returns what Affected has recorded.
func (q *Query) Written() (rows, lastInsertID int64) { return q.affected, q.lastID }

// Hold gives the caller the session that OpBegin made.
func (q *Query) Hold(s Session) { q.session = s }

// Suspend says that a stream has more rows, to be fetched from s.
func (q *Query) Suspend(s Session) { q.session = s }

// Session returns what Hold or Suspend was given, nil for neither.
func (q *Query) Session() Session { return q.session }

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
		q.row.sink.Rewind()
	}
	q.rows, q.row.err, q.affected, q.lastID = 0, nil, 0, 0
	return true
}

// Err is what the rows so far amount to: nil, a *db.MappingError, db.ErrTooManyRows,
// or, when all rows are in, db.ErrNoRows. A batch checks it for each of its items.
func (q *Query) Err() error {
	if q.row.err != nil {
		return q.row.err
	}
	if q.Op == OpOne && q.rows == 0 {
		return q.row.sink.Count(0)
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

// Sent tells whether anything of q may have been sent: Unsent has not been called.
func (q *Query) Sent() bool { return !q.unsent }

// Doom is why OpCommit must roll back and finish with this error; nil when it may
// commit. It is final once the queries that were started before have finished.
func (q *Query) Doom() error {
	if q.Op != OpCommit {
		return nil
	}
	if s, ok := q.row.sink.(doomer); ok {
		return s.Doom()
	}
	return nil
}

func (q *Query) finish(err error, owner bool) {
	alone := q.watch.Stop()
	if err == nil {
		err = q.Err()
	}
	if q.notes != nil { // before anybody hears of it: the request may be over then
		q.noteEnd(err)
	}
	for _, item := range q.Items {
		item.row.sink.Settle(item, err, owner)
		item.Release()
	}
	took := q.row.sink.Settle(q, err, owner)
	// When the promise took the result no cancellation through it will come,
	// and when the watch was stopped in time none through the context: then
	// nobody else knows this query.
	if took && alone {
		q.Release()
	}
}

// Release makes q ready for the next call. Package db calls it for what it has made
// and not started.
func (q *Query) Release() {
	abort := q.abort
	*q = Query{abort: abort}
	queries.Put(q)
}
