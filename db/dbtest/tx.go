package dbtest

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/stretchr/testify/require"
)

var errTest = errors.New("dbtest: on purpose")

// spend takes 10 from account 1.
func spend(ctx context.Context, q *db.Querier) error {
	_, err := q.Exec(ctx, "UPDATE accounts SET balance = balance - 10 WHERE id = 1").Await(ctx)
	return err
}

func testTx(t *testing.T, d Subject) {
	p := d.Open(t, Limits{})
	accounts(t, p, 2)
	ctx := background(t)

	t.Run("commit", func(t *testing.T) {
		var kept *db.Tx
		left, err := p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int64, error) {
			kept = tx
			if err := spend(ctx, &tx.Querier); err != nil {
				return 0, err
			}
			return tx.One[int64](ctx, "SELECT balance FROM accounts WHERE id = 1").Await(ctx)
		}).Await(ctx)
		require.NoError(t, err)
		require.Equal(t, int64(90), left)
		require.Equal(t, int64(190), total(t, &p.Querier))
		_, err = kept.Exec(ctx, "DELETE FROM accounts").Await(ctx)
		require.ErrorIs(t, err, db.ErrTxDone)
	})
	t.Run("rollback on error", func(t *testing.T) {
		v, err := p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
			return 7, errors.Join(spend(ctx, &tx.Querier), errTest)
		}).Await(ctx)
		require.ErrorIs(t, err, errTest)
		require.Zero(t, v)
		require.Equal(t, int64(190), total(t, &p.Querier))
	})
	t.Run("rollback on panic", func(t *testing.T) {
		require.PanicsWithValue(t, "on purpose", func() {
			_, _ = p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
				if spend(ctx, &tx.Querier) == nil {
					panic("on purpose")
				}
				return 0, nil
			}).Await(ctx)
		})
		require.Equal(t, int64(190), total(t, &p.Querier))
	})
	t.Run("rollback on Goexit", func(t *testing.T) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
				_ = spend(ctx, &tx.Querier)
				runtime.Goexit()
				return 0, nil
			}).Await(ctx)
		}()
		<-done
		require.Equal(t, int64(190), total(t, &p.Querier))
	})
	t.Run("read-only", func(t *testing.T) { testReadOnly(t, p) })
	if p.Stats().Open > 1 { // else one connection holds the whole database
		t.Run("isolated", func(t *testing.T) { testIsolated(t, p) })
	}
	t.Run("retry", func(t *testing.T) { testRetry(t, p) })
	idle(t, p)
}

func testReadOnly(t *testing.T, p *db.Pool) {
	ctx := background(t)
	_, err := p.Tx(ctx, db.TxOptions{ReadOnly: true}, func(ctx context.Context, tx *db.Tx) (int64, error) {
		if n := total(t, &tx.Querier); n != 190 {
			return n, errTest
		}
		return 0, spend(ctx, &tx.Querier)
	}).Await(ctx)
	require.Equal(t, db.ReadOnly, db.KindOf(err), "%v", err)
	require.Equal(t, int64(190), total(t, &p.Querier))
	require.NoError(t, spend(ctx, &p.Querier), "the connection writes again")
	exec(t, &p.Querier, "UPDATE accounts SET balance = balance + 10 WHERE id = 1")
}

// testIsolated: what a transaction has written is its own until it commits.
func testIsolated(t *testing.T, p *db.Pool) {
	ctx := background(t)
	_, err := p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
		require.NoError(t, spend(ctx, &tx.Querier))
		require.Equal(t, int64(180), total(t, &tx.Querier))
		require.Equal(t, int64(190), total(t, &p.Querier))
		return 0, errTest
	}).Await(ctx)
	require.ErrorIs(t, err, errTest)
}

func testRetry(t *testing.T, p *db.Pool) {
	ctx := background(t)
	tries := 0
	attempt := func(ctx context.Context, tx *db.Tx) (int, error) {
		tries++
		require.NoError(t, spend(ctx, &tx.Querier))
		if tries < 3 {
			return 0, &db.Error{Kind: db.Serialization, Message: "on purpose", Retry: true}
		}
		return tries, nil
	}
	n, err := p.Tx(ctx, db.TxOptions{}, attempt).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, 3, n)
	require.Equal(t, int64(180), total(t, &p.Querier), "two of the three were rolled back")
	tries = 0
	_, err = p.Tx(ctx, db.TxOptions{Retries: -1}, attempt).Await(ctx)
	require.Equal(t, db.Serialization, db.KindOf(err))
	require.Equal(t, 1, tries)
	exec(t, &p.Querier, "UPDATE accounts SET balance = balance + 10 WHERE id = 1")
}

func testSavepoint(t *testing.T, d Subject) {
	p := d.Open(t, Limits{})
	accounts(t, p, 2)
	ctx := background(t)
	_, err := p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
		require.NoError(t, spend(ctx, &tx.Querier))
		_, err := tx.Savepoint(ctx, func(ctx context.Context, inner *db.Tx) (int, error) {
			require.NoError(t, spend(ctx, &inner.Querier))
			_, err := inner.Exec(ctx, "UPDATE accounts SET balance = -1").Await(ctx)
			return 0, err
		}).Await(ctx)
		require.Equal(t, db.CheckViolation, db.KindOf(err))
		require.Equal(t, int64(190), total(t, &tx.Querier))
		require.Panics(t, func() {
			_, _ = tx.Savepoint(ctx, func(ctx context.Context, inner *db.Tx) (int, error) {
				_ = spend(ctx, &inner.Querier)
				panic("on purpose")
			}).Await(ctx)
		})
		v, err := tx.Savepoint(ctx, func(ctx context.Context, inner *db.Tx) (int, error) {
			return inner.Savepoint(ctx, func(ctx context.Context, inner *db.Tx) (int, error) {
				return 5, spend(ctx, &inner.Querier)
			}).Await(ctx)
		}).Await(ctx)
		require.Equal(t, 5, v)
		return v, err
	}).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, int64(180), total(t, &p.Querier))
	idle(t, p)
}

func testTxFuture(t *testing.T, d Subject) {
	p := d.Open(t, Limits{})
	accounts(t, p, 2)
	ctx := background(t)
	update := func(tx *db.Tx) async.Future[db.Result] {
		return tx.Exec(ctx, "UPDATE accounts SET balance = balance - 10 WHERE id = 1")
	}
	r, err := p.TxFuture(ctx, db.TxOptions{}, update).Await(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 1, r.RowsAffected)
	require.Equal(t, int64(190), total(t, &p.Querier))

	tries := 0
	_, err = p.TxFuture(ctx, db.TxOptions{Retries: 1}, func(tx *db.Tx) async.Future[int] {
		tries++
		return update(tx).ThenErr(func(db.Result) (int, error) {
			return 0, &db.Error{Kind: db.Deadlock, Message: "on purpose", Retry: true}
		})
	}).Await(ctx)
	require.Equal(t, db.Deadlock, db.KindOf(err))
	require.Equal(t, 2, tries)
	_, err = p.TxFuture(ctx, db.TxOptions{}, func(tx *db.Tx) async.Future[int] { panic("on purpose") }).Await(ctx)
	require.ErrorContains(t, err, "on purpose")
	require.Equal(t, int64(190), total(t, &p.Querier))
	idle(t, p)
}

func testBatch(t *testing.T, d Subject) {
	p := d.Open(t, Limits{})
	accounts(t, p, 3)
	ctx := background(t)

	b := p.Batch()
	name := b.One[string]("SELECT owner FROM accounts WHERE id = $1", 2)
	ids := b.Query[int64]("SELECT id FROM accounts ORDER BY id")
	none := b.Query[int64]("SELECT id FROM accounts WHERE id = 99")
	paid := b.Exec("UPDATE accounts SET balance = balance + $1", 5)
	require.Equal(t, 4, b.Len())
	_, err := b.Send(ctx).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, "owner 2", name.Value)
	require.Equal(t, []int64{1, 2, 3}, ids.Value)
	require.Equal(t, []int64{}, none.Value)
	require.EqualValues(t, 3, paid.Value.RowsAffected)
	require.Equal(t, int64(315), total(t, &p.Querier))

	b = p.Batch()
	b.Exec("UPDATE accounts SET balance = 0")
	b.Exec("UPDATE accounts SET balance = $1", -1)
	b.Exec("UPDATE accounts SET balance = 1000")
	_, err = b.Send(ctx).Await(ctx)
	var failed *db.BatchError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, 1, failed.Index)
	require.Equal(t, db.CheckViolation, db.KindOf(err))
	require.Equal(t, int64(315), total(t, &p.Querier), "all or nothing")

	b = p.Batch()
	b.Exec("UPDATE accounts SET balance = 0")
	b.One[int64]("SELECT id FROM accounts WHERE id = 99")
	_, err = b.Send(ctx).Await(ctx)
	require.ErrorIs(t, err, db.ErrNoRows)
	require.Equal(t, int64(315), total(t, &p.Querier))

	_, err = p.Batch().Send(ctx).Await(ctx)
	require.NoError(t, err, "an empty batch")
	testBatchInTx(t, p)
	idle(t, p)
}

func testBatchInTx(t *testing.T, p *db.Pool) {
	ctx := background(t)
	_, err := p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
		b := tx.Batch()
		b.Exec("UPDATE accounts SET balance = 0")
		sum := b.One[int64]("SELECT count(*) FROM accounts WHERE balance = 0")
		_, err := b.Send(ctx).Await(ctx)
		require.NoError(t, err)
		require.Equal(t, int64(3), sum.Value)
		return 0, errTest
	}).Await(ctx)
	require.ErrorIs(t, err, errTest)
	require.Equal(t, int64(315), total(t, &p.Querier))
}
