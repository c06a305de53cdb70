package pg_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/dbtest"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/fasterapi/fasterapi/reactor"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// soak is how long a model runs: SOAK in seconds, which `make soak` sets.
func soak(t *testing.T) time.Duration {
	text := os.Getenv("SOAK")
	if text == "" {
		return 4 * time.Second
	}
	d, err := time.ParseDuration(text + "s")
	require.NoError(t, err, "SOAK")
	return d
}

// TestModel: see dbtest.Model. Meanwhile others alter the tables, cancel and
// terminate server processes, and crash the server.
func TestModel(t *testing.T) {
	c := pgtest.Start(t, pgtest.Options{Settings: []string{"synchronous_commit = on"}})
	g, err := reactor.Start(reactor.Config{Cores: 2})
	require.NoError(t, err)
	t.Cleanup(func() { _ = g.Stop(background(t)) })
	quiet := slog.New(slog.DiscardHandler)
	p := open(t, c, pg.Config{Reactors: g, MaxConns: 3, StatementCache: 16, AcquireTimeout: 15 * time.Second, Logger: quiet})
	m := &dbtest.Model{Pool: p, Fails: explained}
	seed := dbtest.Seed(t)
	schema := one[string](t, &p.Querier, "SELECT current_schema()::text")
	rounds := 0
	yes, no, unknown := 0, 0, 0
	// A busy machine may take long for a round: it goes on until all has happened that may.
	for begin := time.Now(); time.Since(begin) < soak(t) || yes*no*unknown == 0 && time.Since(begin) < soak(t)+patience; rounds++ {
		m.Prepare(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		var faults sync.WaitGroup
		faults.Go(func() { disturb(ctx, c, schema) })
		if rounds%2 == 1 {
			faults.Go(func() { crash(ctx, t, c) })
		}
		m.Run(ctx, 12, seed+uint64(rounds))
		cancel()
		faults.Wait()
		quietServer(t, c, p)
		m.Settle(t)
		m.Check(t)
		yes, no, unknown = m.Counts()
	}
	t.Logf("%d rounds: %d stored, %d failed, %d unknown", rounds, yes, no, unknown)
	require.NotZero(t, yes*no*unknown)
}

// explained tells whether the faults of the test explain a failure: a connection
// that broke, a statement that another has cancelled, a table that has changed in
// the middle of a transaction, and what follows from these.
func explained(err error) bool {
	e, ok := errors.AsType[*db.Error](err)
	if !ok {
		return errors.Is(err, db.ErrPoolExhausted)
	}
	switch {
	case e.Kind == db.Unavailable, e.Kind == db.Timeout:
		return true
	case e.Code == "0A000", e.Code == "25P02": // the plan is out of date; the transaction had failed before
		return true
	}
	return false
}

// disturb is somebody else on the server.
func disturb(ctx context.Context, c *pgtest.Cluster, schema string) {
	others := " FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1"
	texts := []string{
		"ALTER TABLE log ADD COLUMN IF NOT EXISTS more INT",
		"ALTER TABLE log DROP COLUMN IF EXISTS more",
		"ALTER TABLE log ALTER tag TYPE VARCHAR(100)",
		"ALTER TABLE log ALTER tag TYPE TEXT",
		"ALTER TABLE counters ALTER n TYPE INT",
		"ALTER TABLE counters ALTER n TYPE BIGINT",
		"CREATE INDEX IF NOT EXISTS by_step ON log (step)",
		"DROP INDEX IF EXISTS by_step",
		"SELECT pg_cancel_backend(pid)" + others,
		"SELECT pg_cancel_backend(pid)" + others,
		"SELECT pg_terminate_backend(pid)" + others,
	}
	for ctx.Err() == nil {
		conn, err := pgconn.Connect(ctx, c.URL())
		if err != nil {
			continue // it is down
		}
		for err == nil && ctx.Err() == nil {
			// To its end: what the server still runs when ctx is over could end a connection of those who look then.
			_, err = conn.Exec(context.WithoutCancel(ctx), "SET lock_timeout = '50ms'; SET search_path = "+schema+"; "+texts[rand.IntN(len(texts))]).ReadAll()
			if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok && !strings.HasPrefix(pgErr.Severity, "FATAL") {
				err = nil // a deadlock, a table that is in use
			}
		}
		_ = conn.Close(context.WithoutCancel(ctx))
	}
}

// crash ends the server somewhere in the middle, and starts it again.
func crash(ctx context.Context, t *testing.T, c *pgtest.Cluster) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(rand.Int64N(int64(time.Second)))):
	}
	if err := errors.Join(c.Kill(), c.Recover()); err != nil {
		t.Errorf("crash: %v", err)
	}
}

// quietServer waits until no statement of the pool's runs on the server any more.
func quietServer(t *testing.T, c *pgtest.Cluster, p *db.Pool) {
	ctx := background(t)
	conn, err := pgconn.Connect(ctx, c.URL())
	require.NoError(t, err)
	defer conn.Close(ctx)
	require.Eventually(t, func() bool {
		rows, err := conn.Exec(ctx, "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND state <> 'idle'").ReadAll()
		require.NoError(t, err)
		return string(rows[0].Rows[0][0]) == "0"
	}, patience, time.Millisecond)
	require.Eventually(t, func() bool { _, err := p.Ping(ctx).Await(ctx); return err == nil }, patience, time.Millisecond)
}
