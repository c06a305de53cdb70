package pg_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// twoServers are two servers, of which the first stops taking writes.
//
// Owner: the test.
type twoServers struct{ first, second *pgtest.Cluster }

func newTwoServers(t *testing.T) twoServers {
	p := twoServers{pgtest.Start(t, pgtest.Options{}), pgtest.Start(t, pgtest.Options{})}
	for _, c := range []*pgtest.Cluster{p.first, p.second} {
		p.on(t, c, "CREATE TABLE t (n bigint)")
	}
	return p
}

func (p twoServers) url(attrs string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d,127.0.0.1:%d/postgres?sslmode=disable&target_session_attrs=%s",
		p.first.Port(), p.second.Port(), attrs)
}

// on runs statements on one server, with a connection of its own.
func (p twoServers) on(t *testing.T, c *pgtest.Cluster, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(background(t), c.URL())
	require.NoError(t, err)
	defer conn.Close(background(t))
	for _, sql := range statements {
		_, err = conn.Exec(background(t), sql)
		require.NoError(t, err, sql)
	}
}

// turn makes sessions of the first server read-only, or not.
func (p twoServers) turn(t *testing.T, on string) {
	p.on(t, p.first, "ALTER SYSTEM SET default_transaction_read_only = "+on, "SELECT pg_reload_conf()")
	require.Eventually(t, func() bool { // the server tells all its sessions before it takes a connection that knows; the newest of them first
		conn, err := pgx.Connect(background(t), p.first.URL())
		if err != nil {
			return false
		}
		defer conn.Close(background(t))
		var now string
		err = conn.QueryRow(background(t), "SHOW default_transaction_read_only").Scan(&now)
		return err == nil && now == on
	}, patience, time.Millisecond)
}

func (p twoServers) count(t *testing.T, c *pgtest.Cluster) (n int64) {
	conn, err := pgx.Connect(background(t), c.URL())
	require.NoError(t, err)
	defer conn.Close(background(t))
	require.NoError(t, conn.QueryRow(background(t), "SELECT count(*) FROM t").Scan(&n))
	return n
}

// TestTurnedReadOnly: writes on connections that have turned read-only go to a server
// that takes them, once each and without an error, whatever form they have.
func TestTurnedReadOnly(t *testing.T) {
	const insert = "INSERT INTO t VALUES ($1)"
	servers := newTwoServers(t)
	for name, write := range map[string]func(ctx context.Context, p *db.Pool) error{
		"exec": func(ctx context.Context, p *db.Pool) error { _, err := p.Exec(ctx, insert, 1).Await(ctx); return err },
		"one": func(ctx context.Context, p *db.Pool) error {
			_, err := p.One[int64](ctx, insert+" RETURNING n", 1).Await(ctx)
			return err
		},
		"batch": func(ctx context.Context, p *db.Pool) error {
			b := p.Batch()
			b.Exec(insert, 1)
			_, err := b.Send(ctx).Await(ctx)
			return err
		},
		"checked batch": func(ctx context.Context, p *db.Pool) error {
			b := p.Batch()
			b.One[int64](insert+" RETURNING n", 1)
			_, err := b.Send(ctx).Await(ctx)
			return err
		},
		"each": func(ctx context.Context, p *db.Pool) error {
			for _, err := range p.Each[int64](ctx, insert+" RETURNING n", 1) {
				if err != nil {
					return err
				}
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			servers.turn(t, "off")
			servers.on(t, servers.first, "TRUNCATE t")
			servers.on(t, servers.second, "TRUNCATE t")
			p := through(t, pg.Config{URL: servers.url("read-write"), MinConns: 3, MaxConns: 3, Reactors: group(t, 2), Logger: new(countedLog).logger()})
			require.NoError(t, write(background(t), p))
			require.Eventually(t, func() bool { return p.Stats().Open == 6 }, patience, time.Millisecond)
			servers.turn(t, "on")
			var all []async.Future[struct{}]
			for range 20 {
				all = append(all, async.Go(background(t), func(ctx context.Context) (struct{}, error) { return struct{}{}, write(ctx, p) }))
			}
			_, err := async.WhenAll(all...).Await(background(t))
			require.NoError(t, err)
			require.EqualValues(t, 1, servers.count(t, servers.first))
			require.EqualValues(t, 20, servers.count(t, servers.second))
			require.Eventually(t, func() bool { return p.Stats().Open == 6 }, patience, time.Millisecond)
			for range 20 {
				require.Equal(t, servers.second.Port(), one[int](t, &p.Querier, "SELECT current_setting('port')::int"), "all of them are replaced")
			}
		})
	}
}

// TestTurnedReadOnlyTx: a transaction is not repeated by the pool, but its user may,
// and then it goes to a server that takes writes.
func TestTurnedReadOnlyTx(t *testing.T) {
	servers := newTwoServers(t)
	p := through(t, pg.Config{URL: servers.url("read-write"), MaxConns: 1, Logger: new(countedLog).logger()})
	calls := 0
	insert := func(ctx context.Context, tx *db.Tx) (int64, error) {
		calls++
		return tx.One[int64](ctx, "INSERT INTO t VALUES ($1) RETURNING n", calls).Await(ctx)
	}
	run := func(o db.TxOptions) error {
		_, err := p.Tx(background(t), o, insert).Await(background(t))
		return err
	}
	require.NoError(t, run(db.TxOptions{}))
	pid := one[int64](t, &p.Querier, "SELECT pg_backend_pid()")
	err := run(db.TxOptions{ReadOnly: true})
	require.Equal(t, db.ReadOnly, db.KindOf(err))
	require.False(t, db.SafeToRetry(err), "it will not be better the next time")
	require.Equal(t, pid, one[int64](t, &p.Querier, "SELECT pg_backend_pid()"), "it was the user who wanted that")

	servers.turn(t, "on")
	err = run(db.TxOptions{})
	require.Equal(t, db.ReadOnly, db.KindOf(err), "%v", err)
	require.True(t, db.SafeToRetry(err))
	require.Equal(t, 3, calls, "once")
	require.NoError(t, run(db.TxOptions{}))
	require.EqualValues(t, 1, servers.count(t, servers.first))
	require.EqualValues(t, 1, servers.count(t, servers.second))
}

// TestTurnedCopy: so is a load.
func TestTurnedCopy(t *testing.T) {
	servers := newTwoServers(t)
	p := through(t, pg.Config{URL: servers.url("read-write"), MaxConns: 1, Logger: new(countedLog).logger()})
	load := func() error {
		_, err := pg.CopyFrom(background(t), &p.Querier, "t", []string{"n"}, func(yield func([]any, error) bool) { yield([]any{int64(1)}, nil) }).
			Await(background(t))
		return err
	}
	require.NoError(t, load())
	servers.turn(t, "on")
	err := load()
	require.Equal(t, db.ReadOnly, db.KindOf(err), "%v", err)
	require.True(t, db.SafeToRetry(err))
	require.NoError(t, load())
	require.EqualValues(t, 1, servers.count(t, servers.second))
}

// TestReadOnlyKept: what is read-only for a reason that target_session_attrs does not
// name keeps its connection, and the error comes after one try.
func TestReadOnlyKept(t *testing.T) {
	servers := newTwoServers(t)
	servers.on(t, servers.first, `CREATE FUNCTION forbidden() RETURNS void LANGUAGE plpgsql AS
		$$ BEGIN SET LOCAL transaction_read_only = on; INSERT INTO t VALUES (1); END $$`)
	for _, tc := range []struct{ attrs, sql, turn string }{
		{"read-write", "SELECT FROM forbidden()", "off"},
		{"primary", "INSERT INTO t VALUES (1)", "on"},
		{"any", "INSERT INTO t VALUES (1)", "on"},
	} {
		t.Run(tc.attrs, func(t *testing.T) {
			servers.turn(t, "off")
			p := through(t, pg.Config{URL: servers.url(tc.attrs), MaxConns: 1})
			pid := one[int64](t, &p.Querier, "SELECT pg_backend_pid()")
			servers.turn(t, tc.turn)
			for range 5 {
				_, err := p.Exec(background(t), tc.sql).Await(background(t))
				require.Equal(t, db.ReadOnly, db.KindOf(err), "%v", err)
			}
			require.Equal(t, pid, one[int64](t, &p.Querier, "SELECT pg_backend_pid()"))
			require.Zero(t, p.Stats().Broken)
		})
	}
}

// TestNobodyTakesWrites: with no server that takes writes calls are told so in time,
// and go on when one does again.
func TestNobodyTakesWrites(t *testing.T) {
	servers := newTwoServers(t)
	require.NoError(t, servers.second.Down("fast"))
	p := through(t, pg.Config{URL: servers.url("read-write"), MaxConns: 2, AcquireTimeout: 2 * time.Second, Logger: new(countedLog).logger()})
	exec(t, &p.Querier, "INSERT INTO t VALUES (1)")
	servers.turn(t, "on")
	_, err := p.Exec(background(t), "INSERT INTO t VALUES (2)").Await(background(t))
	require.True(t, db.SafeToRetry(err), "%v", err)
	servers.turn(t, "off")
	require.Eventually(t, func() bool {
		_, err := p.Exec(background(t), "INSERT INTO t VALUES (3)").Await(background(t))
		return err == nil
	}, patience, time.Millisecond)
	require.EqualValues(t, 2, servers.count(t, servers.first))
}
