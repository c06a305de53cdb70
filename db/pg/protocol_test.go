package pg_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/stretchr/testify/require"
)

// TestProtocolLimits: what the protocol cannot carry is refused where it comes in, and
// nobody else on the connection notices.
func TestProtocolLimits(t *testing.T) {
	p := open(t, plain(t), pg.Config{MaxConns: 1})
	ctx := background(t)
	q := &p.Querier
	exec(t, q, "CREATE TABLE t (n int)")
	many := make([]any, 65536)
	for i := range many {
		many[i] = i
	}
	list := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, ",$%d::int", i+1)
		}
		return b.String()[1:]
	}
	large := make([]byte, 64<<20) // 17 times the same
	huge := make([]any, 17)
	for i := range huge {
		huge[i] = large
	}
	pid := one[int](t, q, "SELECT pg_backend_pid()")
	calls := map[string]struct {
		sql  string
		args []any
	}{
		"parameters": {"SELECT 1 WHERE 1 IN (" + list(65536) + ")", many},
		"zero":       {"SELECT 1\x00; DROP TABLE t", nil},
		"script":     {"SELECT 1; SELECT\x00 2", nil},
		"size":       {"SELECT $1::bytea,$2::bytea,$3::bytea,$4::bytea,$5::bytea,$6::bytea,$7::bytea,$8::bytea,$9::bytea,$10::bytea,$11::bytea,$12::bytea,$13::bytea,$14::bytea,$15::bytea,$16::bytea,$17::bytea", huge},
		"copy in":    {"COPY t FROM STDIN", nil},
		"copy out":   {"copy (INSERT INTO t VALUES (1) RETURNING n) to stdout", nil},
	}
	check := func(name string, err error) {
		require.Equal(t, db.Invalid, db.KindOf(err), "%s: %v", name, err)
		require.False(t, db.SafeToRetry(err), name)
	}
	for name, c := range calls {
		neighbour := p.One[int](ctx, "SELECT 1")
		_, err := p.Exec(ctx, c.sql, c.args...).Await(ctx)
		check(name, err)
		for _, err := range p.Each[int](ctx, c.sql, c.args...) {
			check(name, err)
		}
		b := p.Batch()
		b.Exec("INSERT INTO t VALUES (2)")
		b.Exec(c.sql, c.args...)
		_, err = b.Send(ctx).Await(ctx)
		check(name, err)
		var inBatch *db.BatchError
		require.ErrorAs(t, err, &inBatch)
		require.Equal(t, 1, inBatch.Index)
		_, err = p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
			_, err := tx.Exec(ctx, c.sql, c.args...).Await(ctx)
			check(name, err)
			return tx.One[int](ctx, "SELECT 1").Await(ctx)
		}).Await(ctx)
		require.NoError(t, err, name)
		_, err = neighbour.Await(ctx)
		require.NoError(t, err)
	}
	require.Len(t, must(t, p.Query[int](ctx, "SELECT 1 WHERE 1 IN ("+list(65535)+")", many[:65535]...)), 1, "one less works")
	require.Equal(t, pid, one[int](t, q, "SELECT pg_backend_pid()"), "the same connection")
	require.Zero(t, one[int](t, q, "SELECT count(*) FROM t"))
}

func must[T any](t *testing.T, f async.Future[T]) T {
	t.Helper()
	v, err := f.Await(background(t))
	require.NoError(t, err)
	return v
}

// TestCopyInScript: a COPY FROM STDIN that comes out of a script ends it, not the
// connection.
func TestCopyInScript(t *testing.T) {
	p := open(t, plain(t), pg.Config{MaxConns: 1})
	pid := one[int](t, &p.Querier, "SELECT pg_backend_pid()")
	for _, sql := range []string{"CREATE TABLE t (n int); COPY t FROM STDIN", "SELECT 1; COPY (SELECT 1) TO STDOUT"} {
		_, err := p.Exec(background(t), sql).Await(background(t))
		require.Equal(t, db.Invalid, db.KindOf(err), "%v", err)
		require.ErrorContains(t, err, "use pg.CopyFrom")
	}
	require.Equal(t, pid, one[int](t, &p.Querier, "SELECT pg_backend_pid()"))
	require.True(t, one[bool](t, &p.Querier, "SELECT to_regclass('t') IS NULL"), "the script is undone")
}

// TestBatchAboveCache: a batch may have more texts than the cache has places, in
// every way to send one.
func TestBatchAboveCache(t *testing.T) {
	c := plain(t)
	for name, open := range map[string]func(pg.Config) *db.Pool{
		"direct": func(cfg pg.Config) *db.Pool { return open(t, c, cfg) },
		"pooler": func(cfg pg.Config) *db.Pool { return openBehind(t, c, pgtest.StartBouncer(t, c, 3), cfg) },
	} {
		t.Run(name, func(t *testing.T) {
			p := open(pg.Config{StatementCache: 8, MaxConns: 2})
			exec(t, &p.Querier, "CREATE TABLE t (n int)")
			send := func(ctx context.Context, q *db.Querier, n int, write bool) error {
				b := q.Batch()
				var items []*db.Item[int]
				for i := range n {
					items = append(items, b.One[int](fmt.Sprintf("SELECT %d + $1::int", i), 1))
				}
				if write {
					b.Exec("INSERT INTO t VALUES (1)")
				}
				if _, err := b.Send(ctx).Await(ctx); err != nil {
					return err
				}
				for i, item := range items {
					require.Equal(t, i+1, item.Value)
				}
				return nil
			}
			for _, n := range []int{8, 9, 40} {
				for range 2 {
					require.NoError(t, send(background(t), &p.Querier, n, false))
					require.NoError(t, send(background(t), &p.Querier, n, true))
					_, err := p.Tx(background(t), db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
						return 0, send(ctx, &tx.Querier, n, true)
					}).Await(background(t))
					require.NoError(t, err)
				}
			}
			both := make(chan error, 2) // which would take each other's places
			for range 2 {
				go func() { both <- send(background(t), &p.Querier, 12, true) }()
			}
			require.NoError(t, <-both)
			require.NoError(t, <-both)
			require.EqualValues(t, 14, one[int](t, &p.Querier, "SELECT count(*) FROM t"))
			for range 10 {
				one[int](t, &p.Querier, "SELECT count(*) FROM pg_prepared_statements")
			}
			require.LessOrEqual(t, one[int](t, &p.Querier, "SELECT count(*) FROM pg_prepared_statements"), 8)
		})
	}
}

// TestBatchNotPrepared: a batch in a transaction that fails when it is prepared is
// taken back alone, as one that fails when it runs.
func TestBatchNotPrepared(t *testing.T) {
	p := open(t, plain(t), pg.Config{})
	exec(t, &p.Querier, "CREATE TABLE t (n int)")
	_, err := p.Tx(background(t), db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
		exec(t, &tx.Querier, "INSERT INTO t VALUES (1)")
		for _, bad := range []string{"SELECT * FROM missing", "SELECT 'x'::int", "SELECT 1 / 0", "INSERT INTO t VALUES (3, 4)"} {
			for range 2 {
				b := tx.Batch()
				b.Exec("INSERT INTO t VALUES (2)")
				b.Exec(bad)
				_, err := b.Send(ctx).Await(ctx)
				var failed *db.BatchError
				require.ErrorAs(t, err, &failed)
				require.Equal(t, 1, failed.Index, bad)
			}
		}
		b := tx.Batch()
		b.Exec("INSERT INTO t VALUES (5)")
		return 0, second(b.Send(ctx).Await(ctx))
	}).Await(background(t))
	require.NoError(t, err)
	require.Equal(t, []int{1, 5}, must(t, p.Query[int](background(t), "SELECT n FROM t ORDER BY n")))
}

func second[T any](_ T, err error) error { return err }

// TestCopyTimeLimit: StatementTimeout is not for CopyFrom, also in a transaction of
// the user, where it is for what follows.
func TestCopyTimeLimit(t *testing.T) {
	p := open(t, plain(t), pg.Config{StatementTimeout: 1500 * time.Millisecond})
	exec(t, &p.Querier, "CREATE TABLE t (n text)")
	slowly := func(yield func([]any, error) bool) {
		begin := time.Now()
		for time.Since(begin) < 1700*time.Millisecond {
			time.Sleep(time.Millisecond)
			if !yield([]any{strings.Repeat("x", 10_000)}, nil) {
				return
			}
		}
	}
	copied := func(ctx context.Context, q *db.Querier) error {
		return second(pg.CopyFrom(ctx, q, "t", []string{"n"}, slowly).Await(ctx))
	}
	require.NoError(t, copied(background(t), &p.Querier))
	_, err := p.Tx(background(t), db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
		require.NoError(t, copied(ctx, &tx.Querier))
		require.Equal(t, "1500ms", one[string](t, &tx.Querier, "SHOW statement_timeout"))
		exec(t, &tx.Querier, "SET LOCAL statement_timeout = '1400ms'")
		require.NoError(t, copied(ctx, &tx.Querier))
		require.Equal(t, "1400ms", one[string](t, &tx.Querier, "SHOW statement_timeout"))
		return 0, nil
	}).Await(background(t))
	require.NoError(t, err)
	require.Equal(t, "1500ms", one[string](t, &p.Querier, "SHOW statement_timeout"))
}

// TestTimedOutOnce: what the server itself ends is not taken for a neighbour's
// cancel request, and so not run again.
func TestTimedOutOnce(t *testing.T) {
	p := open(t, plain(t), pg.Config{StatementTimeout: -1, MaxConns: 1})
	exec(t, &p.Querier, "CREATE SEQUENCE s")
	exec(t, &p.Querier, "SET statement_timeout = 100")
	require.Eventually(t, func() bool { // until a cancel request comes before the 100 ms are over
		ctx, cancel := context.WithCancel(background(t))
		f := p.Exec(ctx, "SELECT pg_sleep(10)")
		require.Eventually(t, func() bool { return p.Stats().InFlight == 1 || f.Ready() }, patience, time.Millisecond)
		cancel()
		_, err := f.Await(background(t))
		require.Error(t, err)
		idle(t, p)
		return p.Stats().Interrupts > 0
	}, patience, time.Millisecond)
	_, err := p.Exec(background(t), "SELECT nextval('s'), pg_sleep(10)").Await(background(t))
	require.Equal(t, db.Timeout, db.KindOf(err), "%v", err)
	var last int64
	require.Eventually(t, func() bool { // within 100 ms
		last, err = p.One[int64](background(t), "SELECT last_value FROM s").Await(background(t))
		return err == nil
	}, patience, time.Millisecond)
	require.EqualValues(t, 1, last, "it has run once")
}
