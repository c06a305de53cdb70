package dbtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/stretchr/testify/require"
)

// testBegin: a transaction whose end is the caller's begins with its first statement,
// whatever that is, and ends as it is told.
func testBegin(t *testing.T, d Subject) {
	p := d.Open(t, Limits{})
	accounts(t, p, 2)
	ctx := background(t)
	left := int64(200)
	for _, first := range []struct {
		name string
		use  func(tx *db.Tx) error
	}{
		{"exec", func(tx *db.Tx) error { return spend(ctx, &tx.Querier) }},
		{"side by side", func(tx *db.Tx) error {
			read := tx.One[int64](ctx, "SELECT balance FROM accounts WHERE id = 2")
			spent := tx.Exec(ctx, "UPDATE accounts SET balance = balance - 10 WHERE id = 1")
			again := tx.Query[int64](ctx, "SELECT balance FROM accounts ORDER BY id")
			_, err1 := read.Await(ctx)
			_, err2 := spent.Await(ctx)
			_, err3 := again.Await(ctx)
			return errors.Join(err1, err2, err3)
		}},
		{"savepoint", func(tx *db.Tx) error {
			_, err := tx.Savepoint(ctx, func(ctx context.Context, tx *db.Tx) (int, error) {
				_, err := tx.Savepoint(ctx, func(ctx context.Context, tx *db.Tx) (int, error) {
					return 0, errors.Join(spend(ctx, &tx.Querier), errTest) // undone
				}).Await(ctx)
				if !errors.Is(err, errTest) {
					return 0, fmt.Errorf("the inner savepoint ended with %w", err)
				}
				return 0, spend(ctx, &tx.Querier)
			}).Await(ctx)
			return err
		}},
		{"each", func(tx *db.Tx) error {
			for _, err := range tx.Each[int64](ctx, "SELECT balance FROM accounts") {
				if err != nil {
					return err
				}
			}
			return spend(ctx, &tx.Querier)
		}},
		{"batch", func(tx *db.Tx) error {
			b := tx.Batch()
			b.Exec("UPDATE accounts SET balance = balance - 10 WHERE id = 1")
			_, err := b.Send(ctx).Await(ctx)
			return err
		}},
	} {
		t.Run(first.name, func(t *testing.T) {
			tx, end := p.Begin(ctx, db.TxOptions{})
			require.NoError(t, first.use(tx))
			require.NoError(t, end(nil))
			left -= 10
			require.Equal(t, left, total(t, &p.Querier))
			_, err := tx.Exec(ctx, "DELETE FROM accounts").Await(ctx)
			require.ErrorIs(t, err, db.ErrTxDone)
			require.ErrorIs(t, end(nil), db.ErrTxDone)

			tx, end = p.Begin(ctx, db.TxOptions{})
			require.NoError(t, first.use(tx))
			require.NoError(t, end(errTest))
			require.Equal(t, left, total(t, &p.Querier))
			idle(t, p)
		})
	}
	t.Run("unused", func(t *testing.T) { testBeginUnused(t, p) })
	t.Run("ended", func(t *testing.T) { testBeginEnded(t, p) })
	t.Run("exhausted", func(t *testing.T) { testBeginExhausted(t, d) })
	t.Run("loop", func(t *testing.T) { testBeginOnLoop(t, p) })
}

// testBeginUnused: a transaction without statements takes no connection.
func testBeginUnused(t *testing.T, p *db.Pool) {
	before := p.Stats().Queries
	for _, outcome := range []error{nil, errTest} {
		tx, end := p.Begin(background(t), db.TxOptions{})
		require.NoError(t, end(outcome))
		_, err := tx.Exec(background(t), "DELETE FROM accounts").Await(background(t))
		require.ErrorIs(t, err, db.ErrTxDone)
	}
	require.Equal(t, before, p.Stats().Queries)
}

// testBeginEnded: a context that has ended before the commit undoes the transaction,
// and one that ended before the first statement keeps it from beginning.
func testBeginEnded(t *testing.T, p *db.Pool) {
	before := total(t, &p.Querier)
	ctx, cancel := context.WithCancelCause(background(t))
	tx, end := p.Begin(ctx, db.TxOptions{})
	require.NoError(t, spend(ctx, &tx.Querier))
	cancel(errTest)
	require.ErrorIs(t, end(nil), errTest)
	require.Equal(t, before, total(t, &p.Querier))

	tx, end = p.Begin(ctx, db.TxOptions{})
	require.ErrorIs(t, spend(background(t), &tx.Querier), errTest)
	require.Error(t, end(nil), "its user was told that it has failed")
	idle(t, p)
}

// testBeginExhausted: without a connection all statements that wait for one fail, and the
// end with them.
func testBeginExhausted(t *testing.T, d Subject) {
	p := d.Open(t, Limits{Connections: 1, AcquireTimeout: 30 * time.Millisecond})
	accounts(t, p, 1)
	ctx := background(t)
	holder, release := p.Begin(ctx, db.TxOptions{})
	require.NoError(t, spend(ctx, &holder.Querier))

	tx, end := p.Begin(ctx, db.TxOptions{})
	first, second := tx.Exec(ctx, "DELETE FROM accounts"), tx.Exec(ctx, "DELETE FROM accounts")
	_, err := first.Await(ctx)
	require.ErrorIs(t, err, db.ErrPoolExhausted)
	_, err = second.Await(ctx)
	require.ErrorIs(t, err, db.ErrPoolExhausted)
	require.ErrorIs(t, end(nil), db.ErrPoolExhausted)

	tx, end = p.Begin(ctx, db.TxOptions{})
	short, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	_, err = tx.Exec(short, "DELETE FROM accounts").Await(ctx)
	require.Error(t, err)
	require.NoError(t, end(errTest))
	require.NoError(t, release(nil))
	require.EqualValues(t, 90, total(t, &p.Querier))
	idle(t, p)
}

// testBeginOnLoop: chains use it, and whoever may wait ends it.
func testBeginOnLoop(t *testing.T, p *db.Pool) {
	loop := NewLoop()
	defer loop.Stop()
	direct := async.WithSite(background(t), async.Site{Scheduler: loop, Direct: true})
	beside := async.WithSite(background(t), async.Site{Scheduler: loop})
	before := total(t, &p.Querier)
	var ends []func(error) error
	for _, outcome := range []error{nil, errTest} {
		report := onLoop(loop, func() async.Future[int64] {
			tx, end := p.Begin(beside, db.TxOptions{})
			ends = append(ends, end)
			return tx.Exec(direct, "UPDATE accounts SET balance = balance - 10 WHERE id = 1").
				ThenFuture(func(db.Result) async.Future[int64] {
					return tx.One[int64](direct, "SELECT balance FROM accounts WHERE id = 2")
				})
		})
		require.NoError(t, (<-report).err)
		end := ends[len(ends)-1]
		_, err := async.Go(beside, func(context.Context) (int, error) { return 0, end(outcome) }).Await(background(t))
		require.NoError(t, err)
	}
	require.Equal(t, before-10, total(t, &p.Querier))
	report := onLoop(loop, func() async.Future[int64] {
		tx, end := p.Begin(direct, db.TxOptions{})
		return tx.One[int64](direct, "UPDATE accounts SET balance = balance - 10 WHERE id = 1 RETURNING balance").
			ThenErr(func(int64) (int64, error) { return 0, end(nil) })
	})
	require.ErrorIs(t, (<-report).err, async.ErrWouldBlock)
	idle(t, p)
	require.Equal(t, before-10, total(t, &p.Querier), "what nobody can wait for is undone")
}
