package pg_test

import (
	"context"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// known runs a statement, and has the pool know it as a short one, whatever else
// this machine does.
func known(t *testing.T, p *db.Pool, sql string, args ...any) {
	t.Helper()
	for range 50 {
		one[int64](t, &p.Querier, sql, args...)
	}
	pg.KnownShort(p, sql, 20*time.Microsecond)
}

// TestNothingTwice: SELECTs with side effects, sent together with others that
// fail, take effect once each.
func TestNothingTwice(t *testing.T) {
	p := open(t, plain(t), pg.Config{MaxConns: 1, ShortReads: pg.ReadsShared})
	ctx := background(t)
	exec(t, &p.Querier, "CREATE SEQUENCE s; CREATE TABLE log (n bigint);"+
		"CREATE FUNCTION noted(n bigint) RETURNS bigint LANGUAGE sql AS 'SELECT nextval(''s''); INSERT INTO log VALUES (n) RETURNING n'")
	statements := []string{"SELECT nextval('s') + 0 * $1::bigint", "SELECT noted($1)", "SELECT pg_advisory_lock($1) IS NULL", "SELECT 10 / $1::bigint"}
	for _, sql := range statements[:2] {
		known(t, p, sql, 1)
	}
	known(t, p, statements[3], 1)
	exec(t, &p.Querier, "SELECT setval('s', 1, false); TRUNCATE log")
	const rounds = 50
	for round := range rounds {
		fs := make([]async.Future[int64], 3)
		for i, sql := range []string{statements[0], statements[1], statements[3]} {
			fs[i] = p.One[int64](ctx, sql, round%2)
		}
		lock := p.Exec(ctx, statements[2], 7)
		_, err := lock.Await(ctx)
		require.NoError(t, err)
		for i, f := range fs {
			_, err := f.Await(ctx)
			require.Equal(t, i == 2 && round%2 == 0, err != nil, "%v", err) // 10/0
		}
	}
	require.EqualValues(t, 2*rounds+1, one[int64](t, &p.Querier, "SELECT nextval('s')"), "each call has taken one number")
	require.EqualValues(t, rounds, one[int64](t, &p.Querier, "SELECT count(*) FROM log"))
	for range rounds {
		require.True(t, one[bool](t, &p.Querier, "SELECT pg_advisory_unlock(7)"))
	}
	require.False(t, one[bool](t, &p.Querier, "SELECT pg_advisory_unlock(7)"), "each call has locked once")
}

// TestNothingLeaks: a setting for one transaction is none for its neighbours.
func TestNothingLeaks(t *testing.T) {
	p := open(t, plain(t), pg.Config{MaxConns: 1, ShortReads: pg.ReadsShared})
	ctx := background(t)
	const set = "SELECT length(set_config('my.user', 'ann', true))::bigint"
	const get = "SELECT length(coalesce(current_setting('my.user', true), ''))::bigint"
	known(t, p, set)
	known(t, p, get)
	for range 50 {
		fs := []async.Future[int64]{p.One[int64](ctx, set), p.One[int64](ctx, get)}
		lengths, err := async.WhenAll(fs...).Await(ctx)
		require.NoError(t, err)
		require.Equal(t, []int64{3, 0}, lengths)
	}
}

// TestHeldUpByLock: short reads do not wait for one that a lock holds up, nor do
// they keep locks of their own for that time.
func TestHeldUpByLock(t *testing.T) {
	c := plain(t)
	g := group(t, 1)
	p := open(t, c, pg.Config{MaxConns: 1, Reactors: g, ShortReads: pg.ReadsShared})
	ctx := background(t)
	schema := one[string](t, &p.Querier, "SELECT current_schema::text")
	exec(t, &p.Querier, "CREATE TABLE a AS SELECT 1::bigint AS n; CREATE TABLE b AS SELECT 2::bigint AS n")
	known(t, p, "SELECT n FROM a")
	known(t, p, "SELECT n FROM b")
	migration, err := pgx.Connect(ctx, c.URL())
	require.NoError(t, err)
	defer migration.Close(ctx)
	tx, err := migration.Begin(ctx)
	require.NoError(t, err)
	run := func(sql string) {
		_, err := tx.Exec(ctx, sql)
		require.NoError(t, err, sql)
	}
	run("SET LOCAL search_path = " + schema)
	run("ALTER TABLE b ADD COLUMN more int DEFAULT 3")
	begin := time.Now()
	reads := make([]async.Future[int64], 9)
	var held async.Future[int64]
	asked := make(chan struct{})
	require.True(t, g.Reactor(0).Post(async.TaskFunc(func() { // while it runs, nothing is sent: all leave in one write
		for i := range reads {
			reads[i] = p.One[int64](ctx, "SELECT n FROM a")
		}
		held = p.One[int64](ctx, "SELECT n FROM b")
		close(asked)
	})))
	<-asked
	for _, f := range reads {
		n, err := f.Await(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
	}
	require.False(t, held.Ready(), "the lock still holds")
	require.Positive(t, p.Stats().Interrupts, "they were together, and the group was stopped")
	run("ALTER TABLE a ADD COLUMN more int DEFAULT 3") // a deadlock, if a group kept its locks
	require.Less(t, time.Since(begin), 10*time.Second)
	require.NoError(t, tx.Commit(ctx))
	n, err := held.Await(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 2, n)
}

// TestTransactionStatements: a transaction on a connection that others use as well
// would take their statements in.
func TestTransactionStatements(t *testing.T) {
	p := open(t, plain(t), pg.Config{MaxConns: 1})
	ctx := background(t)
	exec(t, &p.Querier, "CREATE TABLE t (n bigint)")
	for _, sql := range []string{
		"BEGIN", "start transaction", "COMMIT", "ROLLBACK", "SAVEPOINT s",
		"BEGIN; INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1); BEGIN; INSERT INTO t VALUES (2)",
	} {
		_, err := p.Exec(ctx, sql).Await(ctx)
		require.Equal(t, db.Invalid, db.KindOf(err), "%s: %v", sql, err)
		exec(t, &p.Querier, "INSERT INTO t VALUES (10)")
	}
	require.EqualValues(t, 7, one[int64](t, &p.Querier, "SELECT count(*) FROM t WHERE n = 10"), "nobody's write was taken in")
	exec(t, &p.Querier, "BEGIN; INSERT INTO t VALUES (20); COMMIT")
	require.EqualValues(t, 1, one[int64](t, &p.Querier, "SELECT count(*) FROM t WHERE n = 20"), "a script may be whole transactions")

	_, err := p.Tx(ctx, db.TxOptions{}, func(_ context.Context, tx *db.Tx) (int, error) {
		_, err := tx.Exec(ctx, "COMMIT").Await(ctx)
		require.Equal(t, db.Invalid, db.KindOf(err))
		exec(t, &tx.Querier, "INSERT INTO t VALUES (30)") // it was refused before it was sent
		return 0, err
	}).Await(ctx)
	require.Equal(t, db.Invalid, db.KindOf(err))
	require.Zero(t, one[int64](t, &p.Querier, "SELECT count(*) FROM t WHERE n = 30"))
	idle(t, p)
}
