package dbtest

import (
	"context"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/stretchr/testify/require"
)

// atOnce is the longest that ending a cancelled call may take. It is far from
// what drivers need (milliseconds) and far from what Slow takes.
const atOnce = 5 * time.Second

func testCancel(t *testing.T, d Subject) {
	p := d.Open(t, Limits{Connections: 1})
	t.Run("before", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(errTest)
		_, err := p.One[int64](ctx, "SELECT 1").Await(context.Background())
		require.ErrorIs(t, err, errTest)
	})
	t.Run("while running", func(t *testing.T) { testCancelRunning(t, p, d.Slow) })
	t.Run("while queued", func(t *testing.T) { testCancelQueued(t, p, d.Slow) })
	t.Run("by the future", func(t *testing.T) {
		f := p.One[int64](context.Background(), d.Slow)
		running(t, p)
		f.Cancel()
		_, err := f.Await(background(t))
		require.ErrorIs(t, err, context.Canceled)
		idle(t, p)
	})
	t.Run("by a timeout", func(t *testing.T) {
		f := p.One[int64](context.Background(), d.Slow).Timeout(20 * time.Millisecond)
		_, err := f.Await(background(t))
		require.ErrorIs(t, err, async.ErrTimeout)
		idle(t, p)
	})
	t.Run("in a transaction", func(t *testing.T) { testCancelTx(t, p, d.Slow) })
	t.Run("in a race with the end", func(t *testing.T) { testCancelRace(t, p) })
	require.NotZero(t, p.Stats().Cancelled)
	require.Equal(t, int64(1), one[int64](t, &p.Querier, "SELECT 1"), "the connections are well")
}

// running waits until a connection is in use.
func running(t *testing.T, p *db.Pool) {
	t.Helper()
	require.Eventually(t, func() bool { return p.Stats().Busy > 0 }, patience, time.Millisecond)
}

func testCancelRunning(t *testing.T, p *db.Pool, slow string) {
	ctx, cancel := context.WithCancelCause(context.Background())
	f := p.One[int64](ctx, slow)
	running(t, p)
	start := time.Now()
	cancel(errTest)
	_, err := f.Await(background(t))
	require.ErrorIs(t, err, errTest)
	idle(t, p) // the statement has really ended
	require.Less(t, time.Since(start), atOnce)
}

func testCancelQueued(t *testing.T, p *db.Pool, slow string) {
	first, stop := context.WithCancel(context.Background())
	blocker := p.One[int64](first, slow)
	running(t, p)
	ctx, cancel := context.WithCancelCause(context.Background())
	queued := p.One[int64](ctx, "SELECT 2")
	cancel(errTest)
	_, err := queued.Await(background(t))
	require.ErrorIs(t, err, errTest)
	require.False(t, blocker.Ready(), "its neighbour runs on")
	require.Zero(t, p.Stats().Waiting)
	stop()
	_, err = blocker.Await(background(t))
	require.ErrorIs(t, err, context.Canceled)
	idle(t, p)
}

func testCancelTx(t *testing.T, p *db.Pool, slow string) {
	exec(t, &p.Querier, "CREATE TABLE log (n BIGINT)")
	ctx, cancel := context.WithCancelCause(context.Background())
	_, err := p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int64, error) {
		if _, err := tx.Exec(ctx, "INSERT INTO log (n) VALUES (1)").Await(ctx); err != nil {
			return 0, err
		}
		f := tx.One[int64](ctx, slow)
		cancel(errTest)
		return f.Await(ctx)
	}).Await(context.Background())
	require.ErrorIs(t, err, errTest)
	idle(t, p)
	require.Equal(t, int64(0), one[int64](t, &p.Querier, "SELECT count(*) FROM log"))

	ctx, cancel = context.WithCancelCause(context.Background())
	_, err = p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int64, error) {
		_, err := tx.Exec(ctx, "INSERT INTO log (n) VALUES (1)").Await(ctx)
		cancel(errTest) // after the work, before the commit
		return 0, err
	}).Await(context.Background())
	require.ErrorIs(t, err, errTest)
	idle(t, p)
	require.Equal(t, int64(0), one[int64](t, &p.Querier, "SELECT count(*) FROM log"))
}

// testCancelRace cancels calls at every stage of their short lives; neighbours
// must never be hit.
func testCancelRace(t *testing.T, p *db.Pool) {
	for i := range 500 {
		ctx, cancel := context.WithCancel(context.Background())
		victim := p.One[int64](ctx, count+" ORDER BY x DESC LIMIT 1", 50)
		neighbour := p.One[int64](context.Background(), "SELECT CAST($1 AS BIGINT)", i)
		go cancel()
		if v, err := victim.Await(background(t)); err != nil {
			require.ErrorIs(t, err, context.Canceled)
		} else {
			require.Equal(t, int64(50), v)
		}
		v, err := neighbour.Await(background(t))
		require.NoError(t, err)
		require.Equal(t, int64(i), v)
		cancel()
	}
	idle(t, p)
}
