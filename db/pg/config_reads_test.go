package pg_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/reactor"
	"github.com/stretchr/testify/require"
)

// inOneTurn starts n calls in one turn of r, so that they leave in one write, and
// returns how they ended.
func inOneTurn[T any](t *testing.T, r *reactor.Reactor, n int, call func(ctx context.Context, i int) async.Future[T]) ([]T, []error) {
	values, errs := make([]T, n), make([]error, n)
	ctx := async.WithSite(background(t), r.Site())
	var wg sync.WaitGroup
	wg.Add(n)
	r.Post(async.TaskFunc(func() {
		for i := range n {
			call(ctx, i).OnDone(func(v T, err error) {
				values[i], errs[i] = v, err
				wg.Done()
			})
		}
	}))
	wg.Wait()
	return values, errs
}

// together runs sql n times in one turn.
func together[T any](t *testing.T, g *reactor.Group, p *db.Pool, n int, sql string) []T {
	values, errs := inOneTurn(t, g.Reactor(0), n, func(ctx context.Context, _ int) async.Future[T] { return p.One[T](ctx, sql) })
	for _, err := range errs {
		require.NoError(t, err, sql)
	}
	return values
}

func distinct[T comparable](list []T) int {
	set := map[T]bool{}
	for _, v := range list {
		set[v] = true
	}
	return len(set)
}

// readers opens a pool on one connection of one reactor, the most that reads can
// be pressed together, with the views that the tests of this file ask.
func readers(t *testing.T, cfg pg.Config) (*reactor.Group, *db.Pool) {
	cfg.Reactors, cfg.MaxConns = group(t, 1), 1
	p := open(t, plain(t), cfg)
	exec(t, &p.Querier, "CREATE VIEW xact AS SELECT txid_current() AS id, pg_current_snapshot()::text AS seen")
	return cfg.Reactors, p
}

const (
	askID   = "SELECT id FROM xact"
	askSeen = "SELECT seen FROM xact WHERE id > 0" // which takes a number: the next snapshot is another one
	askNow  = "SELECT (1000000 * extract(epoch FROM now()))::bigint"
	atOnce  = 16
)

// short has the pool know a statement as a short one.
func short(t *testing.T, p *db.Pool, sql string, args ...any) {
	t.Helper()
	for range 5 {
		_, err := p.Query[any](background(t), sql, args...).Await(background(t))
		require.NoError(t, err)
	}
	pg.KnownShort(p, sql, 20*time.Microsecond)
}

// sharing runs sql n times in one turn until that took one transaction: a group that a busy machine holds up is
// stopped, and its members run alone. It returns what the last try gave.
func sharing[T comparable](t *testing.T, g *reactor.Group, p *db.Pool, n int, sql string) (values []T) {
	t.Helper()
	require.Eventually(t, func() bool {
		pg.KnownShort(p, sql, 20*time.Microsecond)
		values = together[T](t, g, p, n, sql)
		return distinct(values) == 1
	}, patience, time.Millisecond, sql)
	return values
}

// TestReadsAlone: without a word about it each read is a transaction of its own: with
// a number, a time and a snapshot that no other read has.
func TestReadsAlone(t *testing.T) {
	g, p := readers(t, pg.Config{})
	for _, sql := range []string{askID, askSeen, askNow} {
		short(t, p, sql)
	}
	for range 10 {
		require.Equal(t, atOnce, distinct(together[int64](t, g, p, atOnce, askID)))
		require.Equal(t, atOnce, distinct(together[string](t, g, p, atOnce, askSeen)))
		require.Equal(t, atOnce, distinct(together[int64](t, g, p, atOnce, askNow)))
	}
}

// TestReadsShared: what reads that share a transaction have in common, as the
// documentation says.
func TestReadsShared(t *testing.T) {
	g, p := readers(t, pg.Config{ShortReads: pg.ReadsShared})
	for _, sql := range []string{askID, askNow} {
		short(t, p, sql)
		sharing[int64](t, g, p, atOnce, sql)
	}
}

// TestReadsCounted: the server counts a transaction for each read, and fewer only
// where that was asked for.
func TestReadsCounted(t *testing.T) {
	admin := open(t, plain(t), pg.Config{})
	const rounds = 20
	for mode, whole := range map[pg.ShortReads]bool{"": true, pg.ReadsAlone: true, pg.ReadsShared: false} {
		name := fmt.Sprintf("counted_%d", schemas.Add(1))
		exec(t, &admin.Querier, "CREATE DATABASE "+name)
		g := group(t, 1)
		p := through(t, pg.Config{URL: plain(t).URL() + "&dbname=" + name, Reactors: g, MaxConns: 1, ShortReads: mode})
		const read, flush = "SELECT 1", "SELECT count(*) FROM pg_class, pg_stat_force_next_flush()" // counts leave with those of a table
		short(t, p, read)
		committed := func() int64 {
			exec(t, &p.Querier, flush)
			return one[int64](t, &admin.Querier, "SELECT xact_commit FROM pg_stat_database WHERE datname = $1", name)
		}
		before := committed()
		for range rounds {
			pg.KnownShort(p, read, 20*time.Microsecond) // whatever a busy machine has made of the round before
			together[int64](t, g, p, atOnce, read)
		}
		grown := committed() - before
		if whole {
			require.GreaterOrEqual(t, grown, int64(rounds*atOnce), "%q", mode)
		} else {
			require.Less(t, grown, int64(rounds*atOnce/2), "%q", mode)
		}
	}
}

// effects are SELECTs whose text shows nothing of what they do: it is an operator,
// a view or a policy that calls a function.
var effects = map[string]string{
	"operator": "SELECT 1::bigint <+> 1::bigint",
	"view":     "SELECT n FROM numbered",
	"policy":   "SELECT n FROM guarded",
}

const makeEffects = `CREATE SEQUENCE taken;
CREATE FUNCTION take(a bigint, b bigint) RETURNS bigint LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path FROM CURRENT AS 'SELECT nextval(''taken'')';
CREATE OPERATOR <+> (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = take);
CREATE VIEW numbered AS SELECT take(0, 0) AS n;
CREATE TABLE guarded AS SELECT 1::bigint AS n;
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY counting ON guarded USING (take(0, 0) > 0);`

// TestReadsEffects: what a text hides happens once for each read that is alone,
// also when a neighbour fails. Shared, it may happen twice.
func TestReadsEffects(t *testing.T) {
	c := plain(t)
	for mode, once := range map[pg.ShortReads]bool{pg.ReadsAlone: true, pg.ReadsShared: false} {
		for what, sql := range effects {
			t.Run(string(mode)+" "+what, func(t *testing.T) {
				role := fmt.Sprintf("reader_%d", schemas.Add(1))
				owner := open(t, c, pg.Config{})
				schema := one[string](t, &owner.Querier, "SELECT current_schema()")
				exec(t, &owner.Querier, makeEffects)
				exec(t, &owner.Querier, fmt.Sprintf("CREATE ROLE %s LOGIN; GRANT USAGE ON SCHEMA %s TO %s; GRANT SELECT ON ALL TABLES IN SCHEMA %s TO %s",
					role, schema, role, schema, role))
				g := group(t, 1)
				p := through(t, pg.Config{
					URL:      fmt.Sprintf("%s&user=%s&search_path=%s", c.URL(), role, schema),
					Reactors: g, MaxConns: 1, ShortReads: mode,
				})
				const fails = "SELECT 10 / $1::bigint"
				short(t, p, sql)
				short(t, p, fails, 1)
				before := one[int64](t, &owner.Querier, "SELECT last_value FROM taken")
				const rounds = 20
				for range rounds {
					_, errs := inOneTurn(t, g.Reactor(0), 2, func(ctx context.Context, i int) async.Future[int64] {
						if i == 0 {
							return p.One[int64](ctx, sql)
						}
						return p.One[int64](ctx, fails, 0)
					})
					require.NoError(t, errs[0])
					require.ErrorContains(t, errs[1], "division by zero")
					pg.KnownShort(p, fails, 20*time.Microsecond)
				}
				took := one[int64](t, &owner.Querier, "SELECT last_value FROM taken") - before
				if once {
					require.EqualValues(t, rounds, took)
				} else {
					require.Greater(t, took, int64(rounds), "this is what ReadsShared costs")
				}
			})
		}
	}
}

// TestReadsConfigured: the connection string has a form of ShortReads, which no
// server sees; the Config comes first.
func TestReadsConfigured(t *testing.T) {
	for _, tc := range []struct {
		param string
		field pg.ShortReads
		want  int
	}{
		{"", "", atOnce},
		{"&short_reads=alone", "", atOnce},
		{"&short_reads=shared", "", 1},
		{"&short_reads=shared", pg.ReadsAlone, atOnce},
		{"&short_reads=alone", pg.ReadsShared, 1},
	} {
		g := group(t, 1)
		p := through(t, pg.Config{URL: plain(t).URL() + tc.param, Reactors: g, MaxConns: 1, ShortReads: tc.field})
		short(t, p, askNow)
		if tc.want == 1 {
			sharing[int64](t, g, p, atOnce, askNow)
			continue
		}
		require.Equal(t, tc.want, distinct(together[int64](t, g, p, atOnce, askNow)), "%+v", tc)
	}
	_, err := pg.Open(background(t), pg.Config{URL: plain(t).URL() + "&short_reads=yes"})
	require.ErrorContains(t, err, `short_reads of the connection string is neither "alone" nor "shared"`)
	_, err = pg.Open(background(t), pg.Config{URL: plain(t).URL(), ShortReads: "both"})
	require.ErrorContains(t, err, `ShortReads is "both"`)
}
