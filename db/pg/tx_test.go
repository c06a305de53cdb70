package pg_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/stretchr/testify/require"
)

// TestTxOptions: the server runs a transaction as it was asked for, and the next
// one on the same connection as that one was.
func TestTxOptions(t *testing.T) {
	p := open(t, plain(t), pg.Config{MaxConns: 1})
	ctx := background(t)
	for _, tc := range []struct {
		options         db.TxOptions
		isolation, only string
	}{
		{db.TxOptions{Isolation: db.Serializable, ReadOnly: true}, "serializable", "on"},
		{db.TxOptions{}, "read committed", "off"},
		{db.TxOptions{Isolation: db.RepeatableRead}, "repeatable read", "off"},
		{db.TxOptions{Isolation: db.ReadCommitted, ReadOnly: true}, "read committed", "on"},
		{db.TxOptions{Isolation: db.Serializable}, "serializable", "off"},
	} {
		_, err := p.Tx(ctx, tc.options, func(_ context.Context, tx *db.Tx) (int, error) {
			require.Equal(t, tc.isolation, one[string](t, &tx.Querier, "SHOW transaction_isolation"))
			require.Equal(t, tc.only, one[string](t, &tx.Querier, "SHOW transaction_read_only"))
			return 0, nil
		}).Await(ctx)
		require.NoError(t, err)
	}
}

// TestDeadlock: of two transactions that lock each other out the server ends one,
// which is run again.
func TestDeadlock(t *testing.T) {
	p := open(t, plain(t), pg.Config{MaxConns: 3})
	exec(t, &p.Querier, "CREATE TABLE pair (id bigint PRIMARY KEY, n bigint); INSERT INTO pair VALUES (1, 0), (2, 0)")
	for _, retries := range []int{10, -1} {
		errs, attempts := deadlock(t, p, retries)
		if retries > 0 {
			require.Empty(t, errs)
			// One of them again: twice, if it has its row back before the other wakes.
			require.GreaterOrEqual(t, attempts, int64(3))
			require.EqualValues(t, 4, one[int64](t, &p.Querier, "SELECT sum(n)::bigint FROM pair"), "each has run once")
			continue
		}
		require.Len(t, errs, 1)
		require.Equal(t, db.Deadlock, db.KindOf(errs[0]), "%v", errs[0])
		require.True(t, db.SafeToRetry(errs[0]))
		require.EqualValues(t, 2, attempts)
	}
}

// deadlock runs two transactions that lock two rows in opposite order and meet in
// between, and returns their errors and how many times they ran in all.
func deadlock(t *testing.T, p *db.Pool, retries int) (errs []error, attempts int64) {
	ctx := background(t)
	var ran atomic.Int64
	var met sync.WaitGroup
	met.Add(2)
	both := make([]async.Future[int64], 2)
	for i := range both {
		first := true
		both[i] = async.Go(ctx, func(ctx context.Context) (int64, error) {
			return p.Tx(ctx, db.TxOptions{Retries: retries}, func(ctx context.Context, tx *db.Tx) (int64, error) {
				ran.Add(1)
				const add = "UPDATE pair SET n = n + 1 WHERE id = $1"
				_, err := tx.Exec(ctx, add, 1+i).Await(ctx)
				if first {
					first = false
					met.Done()
					met.Wait()
				}
				if err == nil {
					_, err = tx.Exec(ctx, add, 2-i).Await(ctx)
				}
				return 0, err
			}).Await(ctx)
		})
	}
	for _, f := range both {
		if _, err := f.Await(ctx); err != nil {
			errs = append(errs, err)
		}
	}
	return errs, ran.Load()
}

// TestSerialization: transactions that the server really refuses because others
// ran at the same time are run again until they fit.
func TestSerialization(t *testing.T) {
	p := open(t, plain(t), pg.Config{})
	exec(t, &p.Querier, "CREATE TABLE counter (n bigint); INSERT INTO counter VALUES (0)")
	ctx := background(t)
	const writers = 4
	var attempts atomic.Int64
	var met sync.WaitGroup // in the first attempt all have read before one writes
	met.Add(writers)
	all := make([]async.Future[int64], writers)
	for i := range all {
		first := true
		options := db.TxOptions{Isolation: db.Serializable, Retries: 50}
		all[i] = async.Go(ctx, func(ctx context.Context) (int64, error) {
			return p.Tx(ctx, options, func(ctx context.Context, tx *db.Tx) (int64, error) {
				attempts.Add(1)
				n, err := tx.One[int64](ctx, "SELECT n FROM counter").Await(ctx)
				if first {
					first = false
					met.Done()
					met.Wait()
				}
				if err == nil {
					_, err = tx.Exec(ctx, "UPDATE counter SET n = $1", n+1).Await(ctx)
				}
				return n, err
			}).Await(ctx)
		})
	}
	seen, err := async.WhenAll(all...).Await(ctx)
	require.NoError(t, err)
	require.ElementsMatch(t, []int64{0, 1, 2, 3}, seen, "as if one after the other")
	require.EqualValues(t, writers, one[int64](t, &p.Querier, "SELECT n FROM counter"))
	require.Greater(t, attempts.Load(), int64(writers))
}
