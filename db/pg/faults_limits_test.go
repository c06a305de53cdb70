package pg_test

import (
	"context"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// TestTooManyConnections: a server that has fewer connections than the pool may
// open is a reason for a warning, and the calls share those that can be had.
func TestTooManyConnections(t *testing.T) {
	const room = 8
	c := pgtest.Start(t, pgtest.Options{Settings: []string{"max_connections = 8", "superuser_reserved_connections = 0", "max_wal_senders = 0"}})
	logged := &journal{}
	p := open(t, c, pg.Config{
		MaxConns: 20, AcquireTimeout: 10 * time.Second,
		Logger: slog.New(slog.NewTextHandler(logged, nil)),
	})
	ctx := background(t)
	_, err := p.One[int](ctx, "SELECT $1::int FROM pg_sleep(0.05)", 0).Await(ctx) // it is known to be slow
	require.NoError(t, err)
	require.Eventually(t, func() bool { // until more are wanted than there are, however long it takes to connect
		ctx := background(t)
		var fs []async.Future[int]
		for i := range 60 {
			fs = append(fs, p.One[int](ctx, "SELECT $1::int FROM pg_sleep(0.05)", i))
		}
		all, err := async.WhenAll(fs...).Await(ctx)
		require.NoError(t, err)
		for i, v := range all {
			require.Equal(t, i, v)
		}
		return strings.Contains(logged.String(), "53300")
	}, patience, time.Millisecond)
	require.LessOrEqual(t, p.Stats().Open, room)
	require.Contains(t, logged.String(), "may open more connections than the server has left")
}

// TestNoConnections: when the server takes no more connections calls fail in
// time, say why, and are safe to repeat; later the pool finds its way back by
// itself.
func TestNoConnections(t *testing.T) {
	c := plain(t)
	ctx := background(t)
	admin, err := pgx.Connect(ctx, c.URL())
	require.NoError(t, err)
	t.Cleanup(func() { _ = admin.Close(context.Background()) })
	run := func(sql string) {
		_, err := admin.Exec(ctx, sql)
		require.NoError(t, err)
	}
	run("DROP ROLE IF EXISTS crowd")
	run("CREATE ROLE crowd LOGIN")
	as, err := url.Parse(c.URL())
	require.NoError(t, err)
	as.User = url.User("crowd")
	var log countedLog
	p, err := pg.Open(ctx, pg.Config{URL: as.String(), MaxConns: 2, AcquireTimeout: 500 * time.Millisecond, Logger: log.logger()})
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Close(context.Background()) })
	_, err = p.Ping(ctx).Await(ctx)
	require.NoError(t, err)
	run("ALTER ROLE crowd CONNECTION LIMIT 0") // answered like a full server: 53300
	run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'crowd'")
	require.Eventually(t, func() bool { return p.Stats().Open == 0 && log.count("53300") > 0 }, 10*time.Second, time.Millisecond)
	begin := time.Now()
	_, err = p.One[int](ctx, "SELECT 1").Await(ctx)
	require.Error(t, err)
	require.True(t, db.SafeToRetry(err))
	require.ErrorContains(t, err, "53300")
	require.Less(t, time.Since(begin), 5*time.Second)

	run("ALTER ROLE crowd CONNECTION LIMIT -1")
	require.Eventually(t, func() bool { _, err := p.Ping(ctx).Await(ctx); return err == nil }, 15*time.Second, 10*time.Millisecond)
}

// TestSlowAmongFast: nothing waits behind a statement that is known to be slow,
// nor behind one that turns out to be. The slow one waits for a lock, so whoever
// waits behind it waits until the context ends.
func TestSlowAmongFast(t *testing.T) {
	c := plain(t)
	p := open(t, c, pg.Config{MinConns: 2, MaxConns: 3})
	ctx := background(t)
	for range 200 { // the fast statement is known afterwards
		_, err := p.One[int](ctx, "SELECT $1::int", 1).Await(ctx)
		require.NoError(t, err)
	}
	holder := admin(t, c.URL())
	for round := range 4 {
		_, err := holder.Exec(ctx, "SELECT pg_advisory_lock(77)")
		require.NoError(t, err)
		begin := time.Now()
		slow := p.One[int](ctx, "SELECT 1 FROM pg_advisory_xact_lock(77)")
		for i := 0; i < 100 || time.Since(begin) < 100*time.Millisecond; i++ {
			v, err := p.One[int](ctx, "SELECT $1::int", i).Await(ctx)
			require.NoError(t, err, "round %d: somebody has waited behind the slow one", round)
			require.Equal(t, i, v)
		}
		require.False(t, slow.Ready())
		_, err = holder.Exec(ctx, "SELECT pg_advisory_unlock(77)")
		require.NoError(t, err)
		_, err = slow.Await(ctx)
		require.NoError(t, err)
	}
}
