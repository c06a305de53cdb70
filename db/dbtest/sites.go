package dbtest

import (
	"context"
	"testing"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/stretchr/testify/require"
)

// testSites calls the pool from a scheduler: continuations must run there.
func testSites(t *testing.T, d Subject) {
	p := d.Open(t, Limits{})
	accounts(t, p, 2)
	loop := NewLoop()
	t.Cleanup(loop.Stop)
	direct := async.WithSite(background(t), async.Site{Scheduler: loop, Direct: true})

	t.Run("chain", func(t *testing.T) {
		report := onLoop(loop, func() async.Future[string] {
			return p.One[int64](direct, "SELECT balance FROM accounts WHERE id = $1", 1).
				ThenFuture(func(v int64) async.Future[string] {
					require.True(t, loop.inside)
					return p.One[string](direct, "SELECT owner FROM accounts WHERE balance = $1 AND id = 2", v)
				}).
				ThenErr(func(v string) (string, error) {
					require.True(t, loop.inside)
					return v + "!", nil
				})
		})
		require.Equal(t, outcome[string]{value: "owner 2!"}, <-report)
	})
	t.Run("failure", func(t *testing.T) {
		report := onLoop(loop, func() async.Future[string] {
			return p.One[string](direct, "SELECT owner FROM accounts WHERE id = 99").
				Recover(func(err error) (string, error) {
					require.True(t, loop.inside)
					return "", err
				})
		})
		require.ErrorIs(t, (<-report).err, db.ErrNoRows)
	})
	t.Run("many", func(t *testing.T) {
		report := onLoop(loop, func() async.Future[[]int64] {
			var all []async.Future[int64]
			for i := range 100 {
				all = append(all, p.One[int64](direct, "SELECT CAST($1 AS BIGINT)", i))
			}
			return async.WhenAll(all...)
		})
		r := <-report
		require.NoError(t, r.err)
		require.Len(t, r.value, 100)
		for i, v := range r.value {
			require.Equal(t, int64(i), v)
		}
	})
	t.Run("transaction", func(t *testing.T) { testSiteTx(t, p, loop, direct) })
	t.Run("goroutine of a loop", func(t *testing.T) {
		ctx := async.WithSite(background(t), async.Site{Scheduler: loop})
		v, err := p.One[int64](ctx, "SELECT balance FROM accounts WHERE id = 2").Await(ctx)
		require.NoError(t, err)
		require.Equal(t, int64(100), v)
	})
}

func testSiteTx(t *testing.T, p *db.Pool, loop *Loop, direct context.Context) {
	report := onLoop(loop, func() async.Future[int64] {
		return p.TxFuture(direct, db.TxOptions{}, func(tx *db.Tx) async.Future[int64] {
			return tx.Exec(direct, "UPDATE accounts SET balance = balance - 10 WHERE id = 1").
				ThenFuture(func(db.Result) async.Future[int64] {
					return tx.One[int64](direct, "SELECT balance FROM accounts WHERE id = 1")
				})
		})
	})
	require.Equal(t, outcome[int64]{value: 90}, <-report)
	// Straight-line code called on the loop runs on a goroutine.
	report = onLoop(loop, func() async.Future[int64] {
		return p.Tx(direct, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int64, error) {
			return tx.One[int64](ctx, "SELECT balance FROM accounts WHERE id = 1").Await(ctx)
		})
	})
	require.Equal(t, outcome[int64]{value: 90}, <-report)
	// Waiting on the loop is refused, not a deadlock.
	report = onLoop(loop, func() async.Future[int64] {
		for _, err := range p.Each[int64](direct, "SELECT 1") {
			return async.Failed[int64](err)
		}
		return async.Ready(int64(0))
	})
	require.ErrorIs(t, (<-report).err, async.ErrWouldBlock)
	idle(t, p)
}

// outcome is how a future ended.
//
// Owner: any (immutable once made).
type outcome[T any] struct {
	value T
	err   error
}

// onLoop runs fn on the loop and reports how its future ends.
func onLoop[T any](l *Loop, fn func() async.Future[T]) <-chan outcome[T] {
	report := make(chan outcome[T], 1)
	l.Post(async.TaskFunc(func() {
		fn().OnDone(func(v T, err error) { report <- outcome[T]{v, err} })
	}))
	return report
}
