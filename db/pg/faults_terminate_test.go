package pg_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// admin is a connection of another library's, to look at the server from outside.
func admin(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(background(t), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// endBackends has the server end all other client connections.
func endBackends(c *pgtest.Cluster) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.URL())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")
	return err
}

// TestTerminateIdle: a connection that the server ends while nobody uses it is
// nobody's failure.
func TestTerminateIdle(t *testing.T) {
	c := plain(t)
	p := open(t, c, pg.Config{MaxConns: 2})
	for i := range 10 {
		ctx := background(t)
		n, err := p.One[int](ctx, "SELECT $1::int", i).Await(ctx)
		require.NoError(t, err, "round %d", i)
		require.Equal(t, i, n)
		require.NoError(t, endBackends(c))
		require.Eventually(t, func() bool { return p.Stats().Reconnects >= uint64(i+1) }, 10*time.Second, time.Millisecond,
			"a lost connection is replaced before it is needed")
	}
	require.Zero(t, p.Stats().Errors)
	require.GreaterOrEqual(t, p.Stats().Broken, uint64(10))
}

// TestTerminateBusy ends connections under a load of reads: what the server
// drops unseen is repeated, the one that ran fails as such or is repeated too.
func TestTerminateBusy(t *testing.T) {
	c := plain(t)
	p := open(t, c, pg.Config{MaxConns: 3})
	var stop atomic.Bool
	var done, failed atomic.Int64
	var readers sync.WaitGroup
	for range 32 {
		readers.Go(func() {
			for i := 0; !stop.Load(); i++ {
				n, err := p.One[int](context.Background(), "SELECT $1::int FROM generate_series(1, 50) AS s(i) ORDER BY i LIMIT 1", i).Await(context.Background())
				if err != nil {
					failed.Add(1)
					if db.KindOf(err) != db.Unavailable {
						t.Errorf("a failure that a lost connection does not explain: %v", err)
					}
					continue
				}
				if n != i {
					t.Errorf("the answer of somebody else: %d, not %d", n, i)
				}
				done.Add(1)
			}
		})
	}
	for range 20 {
		before := done.Load()
		require.Eventually(t, func() bool { return done.Load() > before+100 }, 10*time.Second, time.Millisecond)
		require.NoError(t, endBackends(c))
	}
	stop.Store(true)
	readers.Wait()
	require.Less(t, failed.Load(), done.Load()/10)
	require.Eventually(t, func() bool { return p.Stats().Reconnects >= 20 }, patience, time.Millisecond)
}

// TestTerminateUnseen: the server ends all connections, and before the pool can hear of that somebody asks for
// something. It has certainly not happened, so it runs on a new connection: a query, and the begin of a transaction.
func TestTerminateUnseen(t *testing.T) {
	c := plain(t)
	g := group(t, 1)
	p := open(t, c, pg.Config{MinConns: 3, MaxConns: 3})
	require.NoError(t, p.Driver().(mover).UseReactors(g))
	look := admin(t, c.URL())
	const end = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
	for name, start := range map[string]func(ctx context.Context) async.Future[int]{
		"query": func(ctx context.Context) async.Future[int] { return p.One[int](ctx, "SELECT 7") },
		"transaction": func(ctx context.Context) async.Future[int] {
			return p.TxFuture(ctx, db.TxOptions{}, func(tx *db.Tx) async.Future[int] { return tx.One[int](ctx, "SELECT 7") })
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Eventually(t, func() bool { return p.Stats().Open == 3 }, patience, time.Millisecond)
			begun, before := make(chan async.Future[int], 1), p.Stats().Broken
			require.True(t, g.Reactor(0).Post(async.TaskFunc(func() { // it hears nothing meanwhile
				if _, err := look.Exec(background(t), end); err != nil {
					t.Error(err)
				}
				begun <- start(async.WithSite(background(t), g.Reactor(0).Site()))
			})))
			f := <-begun
			v, err := f.Await(background(t))
			require.NoError(t, err)
			require.Equal(t, 7, v)
			require.EqualValues(t, 3, p.Stats().Broken-before)
		})
	}
	require.Zero(t, p.Stats().Errors)
}

// TestTerminateInTx: a transaction whose connection is gone has not happened,
// and says so.
func TestTerminateInTx(t *testing.T) {
	c := plain(t)
	p := open(t, c, pg.Config{MaxConns: 2})
	ctx := background(t)
	_, err := p.Exec(ctx, "CREATE TABLE t (n BIGINT)").Await(ctx)
	require.NoError(t, err)
	insert := func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO t (n) VALUES (1)").Await(ctx)
		return err
	}
	_, err = p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int64, error) {
		require.NoError(t, insert(ctx, tx))
		require.NoError(t, endBackends(c))
		return tx.One[int64](ctx, "SELECT count(*) FROM t").Await(ctx)
	}).Await(ctx)
	require.Equal(t, db.Unavailable, db.KindOf(err), "%v", err)
	require.True(t, db.SafeToRetry(err), "%v", err)

	_, err = p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int64, error) {
		require.NoError(t, insert(ctx, tx))
		return 0, endBackends(c) // the COMMIT is the first to notice
	}).Await(ctx)
	require.Equal(t, db.Unavailable, db.KindOf(err), "%v", err)

	require.Eventually(t, func() bool { _, err := p.Ping(ctx).Await(ctx); return err == nil }, 20*time.Second, time.Millisecond)
	n, err := p.One[int64](ctx, "SELECT count(*) FROM t").Await(ctx)
	require.NoError(t, err)
	require.Zero(t, n)
}

// TestTerminateStream: rows that have been handed out stay, the error comes last.
func TestTerminateStream(t *testing.T) {
	c := plain(t)
	p := open(t, c, pg.Config{})
	ctx, n := background(t), 0
	var last error
	for v, err := range p.Each[int](ctx, "SELECT i FROM generate_series(1, 1000000) AS s(i)") {
		if last = err; err != nil {
			break
		}
		if n++; v != n {
			t.Fatalf("row %d is %d", n, v)
		}
		if n == 300 {
			require.NoError(t, endBackends(c))
		}
	}
	require.Equal(t, db.Unavailable, db.KindOf(last), "%v", last)
	require.GreaterOrEqual(t, n, 300)
	_, err := p.Ping(ctx).Await(ctx)
	require.NoError(t, err)
}
