package db

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db/driver"
)

// Isolation of a transaction. A driver raises it to the next level that it has;
// SQLite is always serializable.
type Isolation = driver.Isolation

// The isolation levels.
const (
	DefaultIsolation Isolation = iota // the database's own default
	ReadCommitted
	RepeatableRead
	Serializable
)

// TxOptions are the options of a transaction. The zero value is a read-write
// transaction at the default isolation.
//
// Owner: any (a plain value).
type TxOptions struct {
	// Isolation is what the transaction sees of others. Default: the database's own.
	Isolation Isolation
	// ReadOnly refuses statements that write.
	ReadOnly bool
	// Retries is how many times the closure is run again after a serialization
	// failure, a deadlock or a busy database. Default 3; negative: never.
	Retries int
}

// Tx is a transaction: the methods of its [Querier] run on the transaction's
// connection, one after another. It ends with the closure that got it, or by the end
// that [Pool.Begin] has returned with it; later use is [ErrTxDone].
//
// Owner: the closure that got it, or whoever has begun it.
type Tx struct {
	Querier
	depth int // of nested savepoints
}

// Tx runs fn in a transaction: committed when fn returns nil, rolled back when
// fn returns an error, panics or exits its goroutine.
//
//	left, err := pool.Tx(c, db.TxOptions{}, func(c context.Context, tx *db.Tx) (int64, error) {
//		...
//	}).Await(c)
//
// fn is straight-line code. When the caller may wait (a goroutine, a coroutine)
// fn runs before Tx returns, in the caller's own goroutine or coroutine, and the
// future is ready; on the reactor itself fn runs on a goroutine. Use the context
// that fn gets. For chains there is TxFuture.
//
// After a serialization failure, a deadlock or a busy database the transaction
// is rolled back and fn runs again, after a pause (TxOptions.Retries): fn must
// not have effects of its own outside of the database.
func (p *Pool) Tx[T any](ctx context.Context, opts TxOptions, fn func(context.Context, *Tx) (T, error)) async.Future[T] {
	run := func(ctx context.Context) (T, error) { return retryTx(ctx, p, opts, fn) }
	if site := async.SiteOf(ctx); site.Direct && site.Coroutine == nil {
		return async.Go(ctx, run)
	}
	return async.Of(run(ctx))
}

// Savepoint runs fn in a part of the transaction that can fail alone: when the
// future fails, whatever the reason, the statements of fn are undone, and the
// transaction goes on. fn that returns an error or panics makes it fail, ctx that
// has ended when fn returns does, and so does a statement of fn that was cancelled
// after it had been sent, whatever fn returns.
//
// Savepoints are nested with the Tx that fn gets; two side by side are refused.
// Statements of t that run in the meantime are part of the savepoint. On a reactor,
// where fn runs on a goroutine, a caller who does not wait for the future's end
// dooms the transaction: it is rolled back.
func (t *Tx) Savepoint[T any](ctx context.Context, fn func(context.Context, *Tx) (T, error)) async.Future[T] {
	run := func(ctx context.Context) (T, error) { return savepoint(ctx, t, fn) }
	site := async.SiteOf(ctx)
	if !site.Direct || site.Coroutine != nil {
		return async.Of(run(ctx))
	}
	promise, future := async.NewPromise[T](site.Scheduler)
	inside := async.Go(ctx, run)
	promise.OnLeave(func() {
		t.part.doom(errLeft)
		inside.Cancel()
	})
	inside.OnDone(func(v T, err error) { promise.Settle(v, err) })
	return future
}

// retryTx runs the transaction until it succeeds or fails for good.
func retryTx[T any](ctx context.Context, p *Pool, opts TxOptions, fn func(context.Context, *Tx) (T, error)) (T, error) {
	for attempt := 0; ; attempt++ {
		v, err := runTx(ctx, p, opts, fn)
		if err == nil || !opts.again(attempt, err) {
			return v, err
		}
		if _, err := async.Sleep(ctx, pause(attempt)).Await(ctx); err != nil {
			return v, err
		}
	}
}

// again tells whether a transaction that failed with err is worth another try.
func (o TxOptions) again(attempt int, err error) bool {
	if attempt >= cmp.Or(o.Retries, 3) {
		return false
	}
	switch KindOf(err) {
	case Serialization, Deadlock, Busy:
		return true
	default:
		return false
	}
}

// pause is the time before try attempt+1: 2, 4, 8 ms and so on up to 256, of
// which a random half is left out, so that rivals do not meet again.
func pause(attempt int) time.Duration {
	return async.Backoff{First: 2 * time.Millisecond, Last: 256 * time.Millisecond, Jitter: 0.5}.Pause(attempt)
}

func runTx[T any](ctx context.Context, p *Pool, opts TxOptions, fn func(context.Context, *Tx) (T, error)) (v T, err error) {
	tx, err := p.begin(ctx, opts).Await(ctx)
	if err != nil {
		return v, err
	}
	returned := false
	defer func() {
		tx.shut.Store(true)
		if !returned { // a panic or runtime.Goexit: it goes on, nobody waits for us
			drop(tx.driver, tx.session, driver.OpRollback)
		}
	}()
	v, err = fn(ctx, tx)
	returned = true
	tx.shut.Store(true)
	var zero T
	if err != nil {
		// Waits, so that the connection is free again when the caller goes on;
		// the outcome does not matter, a connection that cannot roll back is
		// closed by its driver.
		done := context.WithoutCancel(ctx)
		_, _ = tx.end(done, driver.OpRollback).Await(done)
		return zero, err
	}
	if _, err = tx.end(ctx, driver.OpCommit).Await(ctx); err != nil {
		return zero, err
	}
	return v, nil
}

// begin starts a transaction on a connection of its own.
func (p *Pool) begin(ctx context.Context, opts TxOptions) async.Future[*Tx] {
	return p.hold(ctx, opts).Then(func(h held) *Tx {
		tx := &Tx{}
		tx.driver, tx.session, tx.part, tx.shutErr = h.driver, h.session, &part{}, ErrTxDone
		return tx
	})
}

// Discard rolls back a transaction whose user left before it began
// (async.Discarder).
func (t *Tx) Discard() {
	if !t.shut.Swap(true) {
		drop(t.driver, t.session, driver.OpRollback)
	}
}

// end commits or rolls back.
func (t *Tx) end(ctx context.Context, op driver.Op) async.Future[Result] {
	q, err := driver.New(ctx, t.driver, op, "", nil)
	if err != nil { // cancelled before the commit was sent
		drop(t.driver, t.session, driver.OpRollback)
		return async.Failed[Result](err)
	}
	return exec(q, t.part, t.session)
}

func savepoint[T any](ctx context.Context, t *Tx, fn func(context.Context, *Tx) (T, error)) (v T, err error) {
	if t.shut.Load() {
		return v, t.shutErr
	}
	p, err := t.part.enter()
	if err != nil {
		return v, err
	}
	defer t.part.leave()
	inner := &Tx{depth: t.depth + 1}
	inner.driver, inner.session, inner.part, inner.shutErr = t.driver, t.session, p, ErrTxDone
	name := fmt.Sprintf("fasterapi_%d", inner.depth)
	if err := t.point(ctx, "SAVEPOINT "+name); err != nil {
		return v, err
	}
	kept := false
	defer func() {
		inner.shut.Store(true)
		if !kept && !t.shut.Load() { // also after a panic, which may be caught inside the transaction
			undo(ctx, t, name)
		}
	}()
	var zero T
	if v, err = fn(ctx, inner); err != nil {
		return zero, err
	}
	inner.shut.Store(true)
	if p.unsettled() {
		t.await(ctx)
	}
	if why := p.end(); why != nil {
		return zero, why
	}
	if t.shut.Load() { // t has ended, and this with it
		return zero, t.shutErr
	}
	if err := t.point(ctx, "RELEASE SAVEPOINT "+name); err != nil {
		return zero, err
	}
	kept = true
	return v, nil
}

// point runs a statement of a savepoint, unless ctx has ended; once it is on its
// way its outcome is awaited.
func (t *Tx) point(ctx context.Context, sql string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	done := context.WithoutCancel(ctx)
	q, err := driver.New(done, t.driver, driver.OpSavepoint, sql, nil)
	if err != nil {
		return err
	}
	_, err = exec(q, nil, t.session).Await(done)
	return err
}

// await waits until what was started before on the session has finished; how, the
// part knows then.
func (t *Tx) await(ctx context.Context) {
	done := context.WithoutCancel(ctx)
	if q, err := driver.New(done, t.driver, driver.OpPing, "", nil); err == nil {
		_, _ = exec(q, nil, t.session).Await(done)
	}
}

// undo rolls back to a savepoint without waiting; what comes next on the
// session runs after it, which takes that it is started where that is: from elsewhere a driver
// gets it later than a statement that begins on its reactor. If it cannot be done the transaction is doomed.
func undo(ctx context.Context, t *Tx, name string) {
	ctx = context.WithoutCancel(ctx)
	for _, sql := range []string{"ROLLBACK TO SAVEPOINT " + name, "RELEASE SAVEPOINT " + name} {
		q, err := driver.New(ctx, t.driver, driver.OpSavepoint, sql, nil)
		if err != nil {
			return // see drop
		}
		q.Into(undone{part: t.part})
		q.Start(t.session)
	}
}

// undone is the sink of an undo.
//
// Owner: any (immutable once made).
type undone struct {
	noRows
	part *part
}

func (u undone) Settle(_ *driver.Query, err error, _ bool) bool {
	if err != nil {
		u.part.doom(err)
	}
	return true
}
