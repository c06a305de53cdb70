package pg_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/stretchr/testify/require"
)

// countedLog is a log to look into.
type countedLog struct{ journal }

func (l *countedLog) count(text string) int { return strings.Count(l.String(), text) }

func (l *countedLog) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// modes are the ways in which PgBouncer takes our startup message: it refuses
// statement_timeout, or passes over it.
var modes = map[string]string{"refuses": "", "ignores": "statement_timeout"}

// behind opens a pool through a bouncer on a database of its own, with two tables
// that statements could be mixed up on.
func behind(t *testing.T, c *pgtest.Cluster, o pgtest.BouncerOptions) (url string) {
	name := fmt.Sprintf("behind_%d", schemas.Add(1))
	_, err := admin(t, c.URL()).Exec(background(t), "CREATE DATABASE "+name)
	require.NoError(t, err)
	url = pgtest.StartBouncerAs(t, c, o).URL(name)
	p := through(t, pg.Config{URL: url})
	exec(t, &p.Querier, "CREATE TABLE log AS SELECT generate_series(1, 50)::int AS id")
	exec(t, &p.Querier, "CREATE TABLE acc AS SELECT generate_series(1, 50)::int AS id, 0 AS n")
	return url
}

func through(t *testing.T, cfg pg.Config) *db.Pool {
	p, err := pg.Open(background(t), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Close(background(t)) })
	return p
}

// throughAtLast is through for a ConnectTimeout that a busy machine may not keep at once.
func throughAtLast(t *testing.T, cfg pg.Config) (p *db.Pool) {
	require.Eventually(t, func() bool {
		var err error
		p, err = pg.Open(background(t), cfg)
		return err == nil
	}, patience, time.Millisecond)
	t.Cleanup(func() { _ = p.Close(background(t)) })
	return p
}

// deleteAndCount has one caller delete rows 1 to 25 of log and another one count
// rows 26 to 50 of acc up, at the same time. It returns how many calls failed.
func deleteAndCount(t *testing.T, del, count *db.Pool) (failed int) {
	ctx := background(t)
	var fs []async.Future[db.Result]
	for i := 1; i <= 25; i++ {
		fs = append(fs, del.Exec(ctx, "DELETE FROM log WHERE id = $1", i), count.Exec(ctx, "UPDATE acc SET n = n + 1 WHERE id = $1", 25+i))
		if i%5 == 0 {
			for _, f := range fs[len(fs)-10:] {
				if _, err := f.Await(ctx); err != nil {
					failed++
				}
			}
		}
	}
	return failed
}

// untouched checks that nothing has been done to rows that nobody asked for.
func untouched(t *testing.T, p *db.Pool) {
	require.EqualValues(t, 25, one[int](t, &p.Querier, "SELECT count(*) FROM log WHERE id > 25"), "rows of log that nobody deleted")
	require.EqualValues(t, 0, one[int](t, &p.Querier, "SELECT count(*) FROM acc WHERE id <= 25 AND n > 0"), "accounts that nobody counted up")
}

// TestPoolerFound: a pool that nobody told of PgBouncer in transaction mode finds
// out by itself, says so once, and works, from two pools as from two cores.
func TestPoolerFound(t *testing.T) {
	c := plain(t)
	for name, ignores := range modes {
		for _, timeout := range []int{0, -1} {
			t.Run(fmt.Sprint(name, timeout), func(t *testing.T) {
				url := behind(t, c, pgtest.BouncerOptions{Servers: 4, Ignores: ignores})
				var log countedLog
				cfg := pg.Config{URL: url, StatementTimeout: -1, Logger: log.logger(), Reactors: group(t, 2)}
				if timeout == 0 {
					cfg.StatementTimeout = 0
				}
				a, b := through(t, cfg), through(t, cfg)
				require.Zero(t, deleteAndCount(t, a, b))
				untouched(t, a)
				require.EqualValues(t, 25, one[int](t, &a.Querier, "SELECT count(*) FROM log"))
				require.EqualValues(t, 25, one[int](t, &a.Querier, "SELECT sum(n) FROM acc"))
				require.Equal(t, 2, log.count("there is a pooler before the server"), "once each")
				for n, err := range pg.Listen(background(t), a, "news") {
					require.Equal(t, db.Invalid, db.KindOf(err), "%v %v", n, err)
				}
			})
		}
	}
}

// TestPoolerDenied: even a pool that was told that names are fine, when they are
// not, never runs another statement than the one asked for.
func TestPoolerDenied(t *testing.T) {
	c := plain(t)
	url := behind(t, c, pgtest.BouncerOptions{Servers: 2, Ignores: "statement_timeout"})
	var log countedLog
	cfg := pg.Config{URL: url, SessionPooler: true, Logger: log.logger(), Reactors: group(t, 2), MaxConns: 2}
	a, b := through(t, cfg), through(t, cfg)
	deleteAndCount(t, a, b)
	untouched(t, through(t, pg.Config{URL: url}))
	require.LessOrEqual(t, log.count("is this a pooler? set SimplePooler"), 2, "once each")
	require.Zero(t, deleteAndCount(t, a, b), "it has learnt")
}

// TestPoolerSwapped: two pools, each of which has prepared its statement on the
// server connection that the other one gets next. Neither runs the other's: the pool
// learns that names are not kept apart, or the pooler keeps them.
func TestPoolerSwapped(t *testing.T) {
	for _, statements := range []int{0, 100} {
		learns := 2 // once each
		if statements > 0 && pgtest.KeepsStatements(t) {
			learns = 0
		}
		t.Run(fmt.Sprintf("max_prepared_statements=%d", statements), func(t *testing.T) { swapped(t, statements, learns) })
	}
}

func swapped(t *testing.T, statements, learns int) {
	c := plain(t)
	url := behind(t, c, pgtest.BouncerOptions{Servers: 2, Ignores: "statement_timeout", Statements: statements})
	var log countedLog
	cfg := pg.Config{URL: url, SessionPooler: true, MaxConns: 1, Logger: log.logger()}
	a, b := through(t, cfg), through(t, cfg)
	holder := through(t, pg.Config{URL: url, SimplePooler: true, MaxConns: 2, Logger: new(countedLog).logger()})
	hold := func() (release func()) { // keeps one of the two away from everybody else
		held, end, over := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		go func() {
			_, err := holder.Tx(background(t), db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
				_, err := tx.One[int](ctx, "SELECT 1").Await(ctx)
				close(held)
				<-end
				return 0, err
			}).Await(background(t))
			over <- err
		}()
		<-held
		return func() { close(end); require.NoError(t, <-over) }
	}
	const del, count = "DELETE FROM log WHERE id = $1", "UPDATE acc SET n = n + 1 WHERE id = $1"
	first := hold()
	exec(t, &a.Querier, del, 1)
	second := hold()
	first()
	exec(t, &b.Querier, count, 26)
	exec(t, &a.Querier, del, 2)
	first = hold()
	second()
	exec(t, &b.Querier, count, 27)
	first()
	require.EqualValues(t, 48, one[int](t, &holder.Querier, "SELECT count(*) FROM log"))
	require.EqualValues(t, 2, one[int](t, &holder.Querier, "SELECT sum(n) FROM acc"))
	untouched(t, holder)
	require.Equal(t, learns, log.count("is this a pooler? set SimplePooler"))
}

// TestPoolerStatementMode is refused, in one line, however the pool is configured.
func TestPoolerStatementMode(t *testing.T) {
	c := plain(t)
	for name, ignores := range modes {
		b := pgtest.StartBouncerAs(t, c, pgtest.BouncerOptions{Servers: 2, Mode: "statement", Ignores: ignores})
		for _, cfg := range []pg.Config{{}, {SimplePooler: true}, {SessionPooler: true}} {
			cfg.URL = b.URL("postgres")
			cfg.Logger = new(countedLog).logger()
			p, err := pg.Open(background(t), cfg)
			if err == nil {
				_ = p.Close(background(t))
			}
			require.ErrorContains(t, err, "the pooler is in statement mode", name)
			require.NotContains(t, err.Error(), "\n")
		}
	}
}

// TestPoolerSessions: in session mode statements may be named, and Listen works.
func TestPoolerSessions(t *testing.T) {
	c := plain(t)
	for name, ignores := range modes {
		t.Run(name, func(t *testing.T) {
			url := behind(t, c, pgtest.BouncerOptions{Servers: 20, Mode: "session", Ignores: ignores})
			var log countedLog
			p := through(t, pg.Config{URL: url, SessionPooler: true, MaxConns: 1, Logger: log.logger()})
			require.Zero(t, deleteAndCount(t, p, p))
			untouched(t, p)
			require.NotZero(t, one[int](t, &p.Querier, "SELECT count(*) FROM pg_prepared_statements"))
			require.Zero(t, log.count("pooler"))
			ctx, cancel := context.WithTimeout(background(t), 300*time.Millisecond)
			defer cancel()
			for n, err := range pg.Listen(ctx, p, "news") {
				require.ErrorIs(t, err, context.DeadlineExceeded, "%v", n)
			}
		})
	}
}
