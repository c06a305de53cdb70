package db

import (
	"context"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db/driver"
)

// TxFuture is Tx for chains: fn returns a future, the transaction is committed
// when it succeeds and rolled back when it fails, all on the caller's scheduler
// and without a goroutine. It is retried like Tx.
func (p *Pool) TxFuture[T any](ctx context.Context, opts TxOptions, fn func(*Tx) async.Future[T]) async.Future[T] {
	return chainTx(ctx, p, opts, fn, 0)
}

func chainTx[T any](ctx context.Context, p *Pool, opts TxOptions, fn func(*Tx) async.Future[T], attempt int) async.Future[T] {
	once := p.begin(ctx, opts).ThenFuture(func(tx *Tx) async.Future[T] { return chainBody(ctx, tx, fn) })
	return outcome(once).ThenFuture(func(r result[T]) async.Future[T] {
		if r.err == nil || !opts.again(attempt, r.err) {
			return async.Of(r.value, r.err)
		}
		return async.Sleep(ctx, pause(attempt)).ThenFuture(func(struct{}) async.Future[T] {
			return chainTx(ctx, p, opts, fn, attempt+1)
		})
	})
}

// result is how a step of a chain ended, failure included.
//
// Owner: any (immutable once made).
type result[T any] struct {
	value T
	err   error
}

// outcome turns a failure into a value, so that the next step sees both.
func outcome[T any](f async.Future[T]) async.Future[result[T]] {
	return f.Then(func(v T) result[T] { return result[T]{value: v} }).
		Recover(func(err error) (result[T], error) { return result[T]{err: err}, nil })
}

// chainBody runs fn on tx and ends the transaction accordingly.
func chainBody[T any](ctx context.Context, tx *Tx, fn func(*Tx) async.Future[T]) async.Future[T] {
	defer func() {
		if v := recover(); v != nil {
			tx.Discard()
			panic(v) // the chain turns it into its error
		}
	}()
	return outcome(fn(tx)).ThenFuture(func(r result[T]) async.Future[T] {
		if r.err != nil {
			tx.Discard()
			return async.Failed[T](r.err)
		}
		tx.shut.Store(true)
		return tx.end(ctx, driver.OpCommit).Then(func(Result) T { return r.value })
	})
}
