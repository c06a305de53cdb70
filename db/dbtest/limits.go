package dbtest

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/stretchr/testify/require"
)

func testLimits(t *testing.T, d Subject) {
	t.Run("AcquireTimeout", func(t *testing.T) {
		p := d.Open(t, Limits{Connections: 1, AcquireTimeout: 30 * time.Millisecond})
		exec(t, &p.Querier, "CREATE TABLE log (n BIGINT)")
		ctx := background(t)
		_, err := p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
			_, err := p.Exec(ctx, "INSERT INTO log (n) VALUES (1)").Await(ctx)
			return 0, err
		}).Await(ctx)
		require.ErrorIs(t, err, db.ErrPoolExhausted)
		require.True(t, db.SafeToRetry(err))
		require.NotZero(t, p.Stats().Exhausted)
		exec(t, &p.Querier, "INSERT INTO log (n) VALUES (2)")
		require.Equal(t, int64(1), one[int64](t, &p.Querier, "SELECT count(*) FROM log"), "what timed out has not run")
	})
	t.Run("Waiting", func(t *testing.T) {
		p := d.Open(t, Limits{Connections: 1, Waiting: 2})
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		blocker := p.One[int64](ctx, d.Slow)
		running(t, p)
		a := p.One[int64](ctx, "SELECT 1")
		b := p.One[int64](ctx, "SELECT 2")
		// A driver may count them once its core has taken them over.
		require.Eventually(t, func() bool { return p.Stats().Waiting == 2 }, 10*time.Second, time.Millisecond)
		_, err := p.One[int64](ctx, "SELECT 3").Await(background(t))
		require.ErrorIs(t, err, db.ErrPoolExhausted)
		blocker.Cancel()
		va, err := a.Await(background(t))
		require.NoError(t, err)
		vb, err := b.Await(background(t))
		require.NoError(t, err)
		require.Equal(t, []int64{1, 2}, []int64{va, vb})
		require.NotZero(t, p.Stats().Waits)
		require.NotZero(t, p.Stats().WaitTime)
	})
}

func testClose(t *testing.T, d Subject) {
	t.Run("drains", func(t *testing.T) {
		p := d.Open(t, Limits{Connections: 1})
		exec(t, &p.Querier, "CREATE TABLE log (n BIGINT)")
		var futures []async.Future[db.Result]
		for i := range 50 {
			futures = append(futures, p.Exec(context.Background(), "INSERT INTO log (n) VALUES ($1)", i))
		}
		require.NoError(t, p.Close(background(t)))
		for _, f := range futures {
			_, err := f.Await(background(t))
			require.NoError(t, err)
		}
		_, err := p.One[int64](background(t), "SELECT 1").Await(background(t))
		require.ErrorIs(t, err, db.ErrClosed)
		_, err = p.Tx(background(t), db.TxOptions{}, func(context.Context, *db.Tx) (int, error) { return 0, nil }).Await(background(t))
		require.ErrorIs(t, err, db.ErrClosed)
		for _, err := range p.Each[int64](background(t), "SELECT 1") {
			require.ErrorIs(t, err, db.ErrClosed)
		}
		require.ErrorIs(t, p.Close(background(t)), db.ErrClosed)
		require.Zero(t, p.Stats().Open)
	})
	t.Run("waits for a transaction", func(t *testing.T) {
		p := d.Open(t, Limits{Connections: 1, AcquireTimeout: 10 * time.Millisecond})
		exec(t, &p.Querier, "CREATE TABLE log (n BIGINT)")
		ctx := background(t)
		closed := make(chan error, 1)
		_, err := p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
			go func() { closed <- p.Close(ctx) }()
			require.Eventually(t, func() bool {
				_, err := p.Ping(ctx).Await(ctx)
				return errors.Is(err, db.ErrClosed)
			}, patience, time.Millisecond)
			_, err := tx.Exec(ctx, "INSERT INTO log (n) VALUES (1)").Await(ctx)
			return 0, err
		}).Await(ctx)
		require.NoError(t, err)
		require.NoError(t, <-closed)
	})
	t.Run("loses patience", func(t *testing.T) {
		p := d.Open(t, Limits{Connections: 1})
		blocker := p.One[int64](context.Background(), d.Slow)
		queued := p.One[int64](context.Background(), "SELECT 1")
		running(t, p)
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(errTest)
		start := time.Now()
		require.ErrorIs(t, p.Close(ctx), errTest)
		require.Less(t, time.Since(start), atOnce)
		_, err := blocker.Await(background(t))
		require.ErrorIs(t, err, db.ErrClosed)
		_, err = queued.Await(background(t))
		require.ErrorIs(t, err, db.ErrClosed)
	})
}

// transfers is how many transfers testConcurrent makes, on half as many
// goroutines.
const transfers = 1000

func testConcurrent(t *testing.T, d Subject) {
	p := d.Open(t, Limits{AcquireTimeout: patience})
	const holders = 10
	accounts(t, p, holders)
	var wg sync.WaitGroup
	errs := make(chan error, transfers)
	for range transfers / 2 {
		wg.Go(func() {
			for range 2 {
				from, to := 1+rand.N(holders), 1+rand.N(holders)
				if err := transfer(p, from, to); err != nil {
					errs <- err
				}
			}
		})
	}
	// Readers see a constant total all the while.
	wg.Go(func() {
		for range 50 {
			require.Equal(t, int64(100*holders), total(t, &p.Querier))
		}
	})
	wg.Wait()
	close(errs)
	for err := range errs {
		require.Equal(t, db.CheckViolation, db.KindOf(err), "%v", err)
	}
	require.Equal(t, int64(100*holders), total(t, &p.Querier))
	idle(t, p)
}

func transfer(p *db.Pool, from, to int) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := p.Tx(ctx, db.TxOptions{Retries: 50}, func(ctx context.Context, tx *db.Tx) (int64, error) {
		const move = "UPDATE accounts SET balance = balance + $1 WHERE id = $2"
		if _, err := tx.Exec(ctx, move, -7, from).Await(ctx); err != nil {
			return 0, err
		}
		if _, err := tx.Exec(ctx, move, 7, to).Await(ctx); err != nil {
			return 0, err
		}
		return tx.One[int64](ctx, "SELECT balance FROM accounts WHERE id = $1", to).Await(ctx)
	}).Await(ctx)
	return err
}
