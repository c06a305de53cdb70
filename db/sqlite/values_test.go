package sqlite_test

import (
	"database/sql"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/sqlite"
	"github.com/stretchr/testify/require"
)

// TestUnfitParameters: what SQLite would store as something else is refused, with the
// parameter's name.
func TestUnfitParameters(t *testing.T) {
	both(t, func(t *testing.T, p *db.Pool) {
		ctx := t.Context()
		run(t, p, "CREATE TABLE t (id INT, v)")
		nan := math.NaN()
		type celsius float32
		zone := time.FixedZone("", -3600)
		for _, v := range []any{
			nan, &nan, float32(math.NaN()), celsius(math.NaN()),
			sql.NullFloat64{Float64: nan, Valid: true},
			sql.Null[float64]{V: nan, Valid: true},
			uint64(math.MaxUint64),
			[]float64{1, nan},
			map[string]float64{"a": nan},
			struct{ F float64 }{nan},
			time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-1, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 30, 0, 0, zone),
			sql.NullTime{Time: time.Date(-44, 3, 15, 0, 0, 0, 0, time.UTC), Valid: true},
			time.Unix(1<<60, 0),
			[]time.Time{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
		} {
			_, err := p.Exec(ctx, "INSERT INTO t VALUES ($1, $2)", 1, v).Await(ctx)
			require.ErrorContains(t, err, "$2", "%v", v)
			require.Equal(t, db.Invalid, db.KindOf(err), "%v", err)
			_, err = p.Query[int](ctx, "SELECT id FROM t WHERE v = $1", v).Await(ctx)
			require.ErrorContains(t, err, "$1", "%v", v)
			b := p.Batch()
			b.Exec("INSERT INTO t VALUES (1, 1)")
			b.Exec("INSERT INTO t VALUES (1, $1)", v)
			_, err = b.Send(ctx).Await(ctx)
			require.ErrorContains(t, err, "$1", "%v", v)
			require.Equal(t, int64(0), number(t, p, "SELECT count(*) FROM t"))
		}
		_, err := p.Exec(ctx, "INSERT INTO t VALUES (1, $1)", nan).Await(ctx)
		require.ErrorContains(t, err, "NaN")
		for _, v := range []float64{math.Inf(1), math.Inf(-1), math.MaxFloat64, math.Copysign(0, -1)} {
			require.Equal(t, v, must[float64](t)(p.One[float64](ctx, "INSERT INTO t VALUES (1, $1) RETURNING v", v).Await(ctx)))
		}
		for _, v := range []time.Time{{}, time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC)} {
			got := must[time.Time](t)(p.One[time.Time](ctx, "INSERT INTO t VALUES (1, $1) RETURNING v", v).Await(ctx))
			require.True(t, v.Equal(got), "%v", got)
			require.Equal(t, int64(1), number(t, p, "SELECT julianday($1) IS NOT NULL", v), "SQLite can read it")
		}
	})
}

// TestTimesCompare: an instant has one text, which is that of SQLite itself, so SQL
// compares and sorts instants, with an index and without.
func TestTimesCompare(t *testing.T) {
	both(t, func(t *testing.T, p *db.Pool) {
		ctx := t.Context()
		whole := time.Date(2024, 2, 29, 23, 59, 59, 0, time.UTC)
		for sql, at := range map[string]time.Time{
			"datetime('2024-02-29 23:59:59')":                              whole,
			"datetime('2024-03-01')":                                       whole.Add(time.Second),
			"datetime('2024-03-01T01:59:59+02:00')":                        whole,
			"datetime(1709251199, 'unixepoch')":                            whole,
			"strftime('%Y-%m-%d %H:%M:%S', '2024-02-29 23:59:59')":         whole,
			"datetime('2024-02-29 23:59:59.5', 'subsec')":                  whole.Add(500 * time.Millisecond),
			"strftime('%Y-%m-%d %H:%M:%f', '2024-02-29 23:59:59.120')":     whole.Add(120 * time.Millisecond),
			"datetime('2024-02-29 23:59:59', '+1 month', 'start of year')": time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC),
		} {
			for _, zone := range []*time.Location{time.UTC, time.FixedZone("", 2*3600), time.FixedZone("x", -(5*3600 + 1800))} {
				require.Equal(t, int64(1), number(t, p, "SELECT "+sql+" = $1", at.In(zone)), "%s in %v", sql, zone)
			}
		}

		run(t, p, "CREATE TABLE events (id INTEGER PRIMARY KEY, at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)")
		run(t, p, "INSERT INTO events DEFAULT VALUES")
		now := must[time.Time](t)(p.One[time.Time](ctx, "SELECT at FROM events").Await(ctx))
		require.WithinDuration(t, time.Now(), now, time.Minute)
		for _, op := range []string{"=", ">=", "<=", "IS"} {
			require.Equal(t, int64(1), number(t, p, "SELECT count(*) FROM events WHERE at "+op+" $1", now), op)
		}
		require.Equal(t, int64(1), number(t, p, "SELECT count(*) FROM events WHERE at BETWEEN $1 AND $2 AND at > $3 AND at < $4", now, now,
			now.Add(-time.Nanosecond), now.Add(time.Nanosecond)))
		run(t, p, "DELETE FROM events")
		testTimeOrder(t, p, whole)
		run(t, p, "CREATE INDEX by_time ON events (at)")
		testTimeOrder(t, p, whole)
	})
}

// testTimeOrder holds what SQL says about random times against what Go says.
func testTimeOrder(t *testing.T, p *db.Pool, base time.Time) {
	ctx := t.Context()
	units := []time.Duration{1, 10, 1000, 10_000, time.Millisecond, 10 * time.Millisecond, time.Second, time.Minute, 24 * time.Hour}
	var times []time.Time
	for i := range 60 {
		at := base.Add(time.Duration(rand.N(200)-100) * units[i%len(units)]).In(time.FixedZone("", rand.N(86400)-43200))
		times = append(times, at)
		run(t, p, "INSERT INTO events (at) VALUES ($1)", at)
	}
	stored := must[[]time.Time](t)(p.Query[time.Time](ctx, "SELECT at FROM events ORDER BY at").Await(ctx))
	for i := range stored[1:] {
		require.False(t, stored[i+1].Before(stored[i]), "%v before %v", stored[i], stored[i+1])
	}
	for _, at := range times {
		var before, same int64
		for _, other := range stored {
			if other.Before(at) {
				before++
			} else if other.Equal(at) {
				same++
			}
		}
		require.Equal(t, before, number(t, p, "SELECT count(*) FROM events WHERE at < $1", at), "%v", at)
		require.Equal(t, same, number(t, p, "SELECT count(*) FROM events WHERE at = $1", at), "%v", at)
	}
}

// TestPathRefused: what is no file name names the option that is meant.
func TestPathRefused(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for path, words := range map[string][]string{
		"file::memory:?cache=shared":                      {"a URI", `use ":memory:"`, "sqlite.Memory"},
		"file:app.db":                                     {"a URI", `use "app.db"`},
		"FILE:app.db?mode=ro&_Busy_Timeout=5000":          {`use "app.db"`, "Config.ReadOnly", "Config.BusyTimeout"},
		"file:///data/my%20app.db?immutable=1#x":          {`use "/data/my app.db"`, "Config.ReadOnly"},
		"file://localhost/data/app.db":                    {`use "/data/app.db"`},
		"file:x?mode=memory":                              {`use ":memory:"`},
		"app.db?_pragma=journal_mode(WAL)&_pragma=x(1)":   {"question mark", `use "app.db"`, "Config.Pragmas"},
		"app.db?_foreign_keys=on&_txlock=immediate&_x=12": {"foreign keys are on", "IMMEDIATE", "a field of Config"},
		"app.db?":               {`use "app.db"`},
		":memory:?_key=secret":  {`use ":memory:"`},
		"sqlite:///data/app.db": {`use "/data/app.db"`},
		"sqlite3:app.db":        {`use "app.db"`},
		"app.db\x00.txt":        {"NUL"},
	} {
		_, err := sqlite.Open(path, sqlite.Config{})
		for _, w := range words {
			require.ErrorContains(t, err, w, path)
		}
		require.NotContains(t, err.Error(), "secret")
		_, err = sqlite.Open("ok.db", sqlite.Config{Attach: map[string]string{"other": path}})
		require.ErrorContains(t, err, words[0], path)
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left, "no file was made")
	for _, path := range []string{"a:b.db", "profile:x.db", "per%20cent.db", "file"} {
		p, err := sqlite.Open(filepath.Join(dir, path), sqlite.Config{})
		require.NoError(t, err)
		require.NoError(t, p.Close(t.Context()))
		require.FileExists(t, path)
	}
}
