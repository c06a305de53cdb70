package pg_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/dbtest"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/stretchr/testify/require"
)

// openBehind opens a pool on a database of its own behind a bouncer, which
// passes no search_path on.
func openBehind(t testing.TB, c *pgtest.Cluster, b *pgtest.Bouncer, cfg pg.Config) *db.Pool {
	t.Helper()
	name := fmt.Sprintf("behind_%d", schemas.Add(1))
	_, err := admin(t, c.URL()).Exec(background(t), "CREATE DATABASE "+name)
	require.NoError(t, err)
	cfg.URL, cfg.SimplePooler = b.URL(name), true
	p, err := pg.Open(background(t), cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = p.Close(ctx)
	})
	return p
}

// TestBouncerConformance: the whole suite through PgBouncer in transaction mode.
// Every pool has a bouncer of its own, because a pool that closes in the middle
// of a cancellation may end the bouncer (see pgtest.StartBouncer).
func TestBouncerConformance(t *testing.T) {
	c := plain(t)
	dbtest.Run(t, dbtest.Subject{Slow: slow, Open: func(t testing.TB, l dbtest.Limits) *db.Pool {
		cfg := pg.Config{MaxConns: l.Connections, MaxWaiting: l.Waiting, AcquireTimeout: l.AcquireTimeout}
		if l.Waiting > 0 {
			cfg.MaxPipeline = 1
		}
		return openBehind(t, c, pgtest.StartBouncer(t, c, 12), cfg)
	}})
}

// TestBouncerShares: many client connections on two of the server's, which
// change hands all the time, so that nothing that a statement or a transaction
// leaves behind may matter.
func TestBouncerShares(t *testing.T) {
	c := plain(t)
	b := pgtest.StartBouncer(t, c, 2)
	p := openBehind(t, c, b, pg.Config{MinConns: 10, MaxConns: 20, AcquireTimeout: 60 * time.Second})
	ctx := background(t)
	for round := range 5 {
		var fs []async.Future[int]
		for i := range 200 {
			// Several texts with different shapes, so that a statement prepared by
			// one on a shared server connection would be found by the wrong one.
			fs = append(fs, p.One[int](ctx, fmt.Sprintf("SELECT $1::int + %d", i%7), i))
		}
		all, err := async.WhenAll(fs...).Await(ctx)
		require.NoError(t, err, "round %d", round)
		for i, v := range all {
			require.Equal(t, i+i%7, v)
		}
	}
	openBank(t, p)
	moveMuch(t, p, 200)
}

// TestBouncerTimeout: behind a pooler, which passes no setting on, the pool itself
// ends what takes longer than StatementTimeout, and the server works on it no more.
func TestBouncerTimeout(t *testing.T) {
	c := plain(t)
	p := openBehind(t, c, pgtest.StartBouncer(t, c, 4), pg.Config{StatementTimeout: 100 * time.Millisecond})
	look := admin(t, c.URL())
	begin := time.Now()
	_, err := p.Exec(background(t), "SELECT pg_sleep(60) /* behind a pooler */").Await(background(t))
	require.Equal(t, db.Timeout, db.KindOf(err), "%v", err)
	require.Less(t, time.Since(begin), 10*time.Second)
	require.Eventually(t, func() bool {
		var n int
		const sql = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%/* behind a pooler */%' AND pid <> pg_backend_pid()"
		require.NoError(t, look.QueryRow(background(t), sql).Scan(&n))
		return n == 0
	}, patience, time.Millisecond)
	require.Equal(t, 5, one[int](t, &p.Querier, "SELECT 5"))
}
