package pg_test

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/stretchr/testify/require"
)

// TestSlowNeighbour: nothing waits behind a statement that is slow, as soon as
// that is known.
func TestSlowNeighbour(t *testing.T) {
	c := plain(t)
	p, holder := open(t, c, pg.Config{MaxConns: 3}), admin(t, c.URL())
	ctx := background(t)
	const sleep = "SELECT 1::bigint FROM (SELECT pg_sleep($1), pg_advisory_xact_lock_shared(79)) AS s"
	one[int64](t, &p.Querier, sleep, 0.05) // now it is known
	for range 5 {
		_, err := holder.Exec(ctx, "SELECT pg_advisory_lock(79)")
		require.NoError(t, err)
		slow := p.One[int64](ctx, sleep, 0)
		for range 20 {
			one[int64](t, &p.Querier, "SELECT 1::bigint")
		}
		require.False(t, slow.Ready(), "it waits for the lock, and the fast ones did not wait for it")
		_, err = holder.Exec(ctx, "SELECT pg_advisory_unlock(79)")
		require.NoError(t, err)
		_, err = slow.Await(ctx)
		require.NoError(t, err)
	}
}

// TestErrorsStayAtHome: in one write, every second statement fails.
func TestErrorsStayAtHome(t *testing.T) {
	for _, reads := range []pg.ShortReads{pg.ReadsAlone, pg.ReadsShared} {
		t.Run(string(reads), func(t *testing.T) { errorsStayAtHome(t, reads) })
	}
}

func errorsStayAtHome(t *testing.T, reads pg.ShortReads) {
	p := open(t, plain(t), pg.Config{MaxConns: 1, ShortReads: reads})
	ctx := background(t)
	one[int64](t, &p.Querier, "SELECT 10 / $1::bigint", 2)
	var all []async.Future[int64]
	for i := range 200 {
		all = append(all, p.One[int64](ctx, "SELECT 10 / $1::bigint", i%2))
	}
	for i, f := range all {
		v, err := f.Await(ctx)
		if i%2 == 0 {
			require.Equal(t, "22012", err.(*db.Error).Code)
			continue
		}
		require.NoError(t, err)
		require.EqualValues(t, 10, v)
	}
}

// TestLateCancel cancels statements that share a connection with many others,
// which must not notice.
func TestLateCancel(t *testing.T) {
	p := open(t, plain(t), pg.Config{MaxConns: 1})
	const sleep = "SELECT $1::bigint FROM (SELECT pg_sleep(0.004)) AS s"
	one[int64](t, &p.Querier, "SELECT $1::bigint", 1)
	for round := range 60 {
		ctx := background(t)
		victim, cancel := context.WithCancel(ctx)
		lost := p.One[int64](victim, sleep, 1)
		var neighbours []async.Future[int64]
		for i := range 10 {
			sql := "SELECT $1::bigint"
			if i%3 == 0 {
				sql = sleep
			}
			neighbours = append(neighbours, p.One[int64](ctx, sql, i))
		}
		time.AfterFunc(time.Duration(round%10)*time.Millisecond/2, cancel)
		if v, err := lost.Await(ctx); err != nil {
			require.ErrorIs(t, err, context.Canceled)
		} else {
			require.EqualValues(t, 1, v)
		}
		for i, f := range neighbours {
			v, err := f.Await(ctx)
			require.NoError(t, err)
			require.EqualValues(t, i, v)
		}
		cancel()
	}
	idle(t, p)
}

// TestCancelEndsOnServer: what nobody waits for does not go on at the server.
func TestCancelEndsOnServer(t *testing.T) {
	for name, c := range targets(t) {
		t.Run(name, func(t *testing.T) {
			p := open(t, c, pg.Config{})
			ctx, cancel := context.WithCancel(background(t))
			f := p.One[int64](ctx, "SELECT 1::bigint /* left alone */ FROM (SELECT pg_sleep(60)) AS s")
			running := func() int64 {
				return one[int64](t, &p.Querier, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%/* left alone */%' AND wait_event = 'PgSleep' AND pid <> pg_backend_pid()")
			}
			require.Eventually(t, func() bool { return running() == 1 }, patience, time.Millisecond)
			cancel()
			start := time.Now()
			_, err := f.Await(background(t))
			require.ErrorIs(t, err, context.Canceled)
			require.Less(t, time.Since(start), 20*time.Second, "the caller does not wait for the server, which sleeps for 60 s")
			require.Eventually(t, func() bool { return running() == 0 }, patience, time.Millisecond)
			require.NotZero(t, p.Stats().Interrupts)
			require.EqualValues(t, 1, p.Stats().Cancelled)
		})
	}
}

func TestStatementTimeout(t *testing.T) {
	p := open(t, plain(t), pg.Config{StatementTimeout: 50 * time.Millisecond})
	_, err := p.Exec(background(t), "SELECT pg_sleep(60)").Await(background(t))
	require.Equal(t, db.Timeout, db.KindOf(err), "%v", err)
}

// TestRowLockNeighbour: a read does not wait for a lock that a write waits for: neither one that comes when the write has waited for SlowAfter, nor one that
// comes with it, as long as another connection has few to do.
func TestRowLockNeighbour(t *testing.T) {
	c := plain(t)
	p, holder := open(t, c, pg.Config{MaxConns: 2, MinConns: 2, SlowAfter: 250 * time.Millisecond}), admin(t, c.URL())
	ctx := background(t)
	table := "public.locked_" + strings.ToLower(rand.Text()[:8])
	_, err := holder.Exec(ctx, "CREATE TABLE "+table+" AS SELECT 1 AS id, 0::bigint AS n")
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = holder.Exec(context.Background(), "DROP TABLE "+table) })
	write, read := "UPDATE "+table+" SET n = n + 1 WHERE id = $1 RETURNING n", "SELECT $1::bigint"
	one[int64](t, &p.Querier, write, 1)
	one[int64](t, &p.Querier, read, 1)
	require.Eventually(t, func() bool { return p.Stats().Idle == 2 }, patience, time.Millisecond)
	for _, wait := range []time.Duration{0, 500 * time.Millisecond} {
		for range 2 {
			_, err := holder.Exec(ctx, "BEGIN; UPDATE "+table+" SET n = n + 1")
			require.NoError(t, err)
			for _, sql := range []string{write, read} {
				pg.KnownShort(p, sql, 100*time.Microsecond) // or SlowAfter would not be asked
			}
			blocked := p.One[int64](ctx, write, 1)
			time.Sleep(wait)
			var reads []async.Future[int64]
			for i := range 12 {
				reads = append(reads, p.One[int64](ctx, read, i))
			}
			for i, f := range reads {
				n, err := f.Await(ctx)
				require.NoError(t, err)
				require.EqualValues(t, i, n)
			}
			require.False(t, blocked.Ready(), "it waits for the lock, and the reads have not waited for it")
			_, err = holder.Exec(ctx, "ROLLBACK")
			require.NoError(t, err)
			_, err = blocked.Await(ctx)
			require.NoError(t, err)
		}
	}
}
