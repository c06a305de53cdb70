package sqlite_test

import (
	"context"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/stretchr/testify/require"
)

var leapDay = time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)

// TestDates: a time.Time that is midnight equals the date in a column declared DATE,
// written by whomever, in all places where a statement puts it directly beside one.
func TestDates(t *testing.T) {
	both(t, func(t *testing.T, p *db.Pool) {
		ctx := t.Context()
		run(t, p, `CREATE TABLE d (id INTEGER PRIMARY KEY, day DATE NOT NULL, "End" date, at TIMESTAMP, x TEXT);
			CREATE INDEX by_day ON d (day);
			CREATE VIEW v AS SELECT id, day FROM d;
			INSERT INTO d VALUES (1, '2024-02-29', date('2024-02-29'), datetime('2024-02-29'), 'x'), (2, '2024-03-01', NULL, NULL, '$1')`)
		for _, where := range []string{
			"day = $1", "day == $1", "$1 = day", "d.day=$1", "main.d.day IS $1", "day IS NOT DISTINCT FROM $1", "$1 IS NOT DISTINCT FROM d.day",
			"\"day\" = $1", "[day] = ($1)", "`DAY` = $1", "(day = $1)", "\"End\" = $1", "End=$1 -- x", "day /* = */ <= $1", "day < $1 OR day = $1",
			"day BETWEEN $1 AND $1", "day BETWEEN '2024-02-28' AND $1", "day NOT BETWEEN $1 AND '2024-02-01' AND day = $1", "day IN ($1)",
			"day IN (date('now'), '1999-01-01', $1, NULL)", "day NOT IN ('2024-03-01') AND $1 >= day", "NOT day <> $1", "NOT day != $1",
			"day = coalesce($1, day)", "day = ifnull(NULL, ifnull($1, 1))", "at = $1", "at >= $1 AND day >= $1 AND x = 'x'",
			"day = date($1)", "at = datetime($1)", "$1 >= day AND id = 1", "id IN (SELECT id FROM v WHERE v.day = $1)",
			"EXISTS (SELECT 1 FROM d AS e WHERE e.day = $1 AND e.id = d.id)", "x = 'x' AND CASE WHEN day = $1 THEN 1 END",
		} {
			require.Equal(t, int64(1), number(t, p, "SELECT count(*) FROM d WHERE "+where, leapDay), where)
		}
		for _, zone := range []*time.Location{time.FixedZone("", 3600), time.FixedZone("", -9*3600)} {
			require.Equal(t, int64(1), number(t, p, "SELECT count(*) FROM d WHERE day = $1", leapDay.In(zone)))
		}
		for at, want := range map[time.Time]int64{
			leapDay.Add(-time.Nanosecond): 2, leapDay: 2, leapDay.Add(time.Nanosecond): 1, leapDay.Add(24 * time.Hour): 1, leapDay.Add(25 * time.Hour): 0,
		} {
			require.Equal(t, want, number(t, p, "SELECT count(*) FROM d WHERE day >= $1", at), "%v", at)
		}

		for _, write := range []string{
			"INSERT INTO d (day, at, id) VALUES ($1, $2, 7)", "INSERT INTO d VALUES (7, $1, NULL, $2, NULL)", "REPLACE INTO main.d AS e VALUES (7, $1, $1, $2, $2)",
			"WITH c AS (SELECT 1) INSERT INTO \"d\" (id, [day], at) VALUES (6 + 1, $1, $2) RETURNING id",
			"INSERT INTO d (id, day, at) VALUES (1, '2000-01-01', NULL), (7, $1, $2) ON CONFLICT (id) DO UPDATE SET day = $1",
			"INSERT INTO d (id, day) VALUES (7, '1999-01-01') ON CONFLICT DO NOTHING; UPDATE d SET day = $1, at = $2 WHERE id = 7",
			"INSERT INTO d (id, day) VALUES (7, '1999-01-01'); UPDATE d SET at = $2, day = coalesce($1, day) WHERE id = 7",
		} {
			_, err := p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
				sql := write
				for i, c := range write {
					if c == ';' {
						_, err := tx.Exec(ctx, write[:i]).Await(ctx)
						require.NoError(t, err)
						sql = write[i+1:]
					}
				}
				_, err := tx.Exec(ctx, sql, leapDay, leapDay).Await(ctx)
				return 0, err
			}).Await(ctx)
			require.NoError(t, err, write)
			require.Equal(t, "2024-02-29", must[string](t)(p.One[string](ctx, "SELECT day FROM d WHERE id = 7").Await(ctx)), write)
			at := must[*string](t)(p.One[*string](ctx, "SELECT at FROM d WHERE id = 7").Await(ctx))
			if at != nil {
				require.Equal(t, "2024-02-29 00:00:00", *at, write)
			}
			require.True(t, leapDay.Equal(must[time.Time](t)(p.One[time.Time](ctx, "SELECT day FROM d WHERE id = 7").Await(ctx))))
			run(t, p, "DELETE FROM d; INSERT INTO d (id, day) VALUES (1, '2024-02-29')")
		}
		later := leapDay.Add(time.Hour)
		run(t, p, "UPDATE d SET day = $1", later)
		require.True(t, later.Equal(must[time.Time](t)(p.One[time.Time](ctx, "SELECT day FROM d").Await(ctx))), "nothing is cut off")
	})
}

// TestDatesElsewhere: beside anything else a midnight keeps its time of day.
func TestDatesElsewhere(t *testing.T) {
	both(t, func(t *testing.T, p *db.Pool) {
		run(t, p, "CREATE TABLE d (id INT, day DATE, at TIMESTAMP); CREATE TABLE e (day TEXT, at DATETIME); INSERT INTO d VALUES (1, '2024-02-29', '2024-02-29 00:00:00')")
		for _, sql := range []string{
			"SELECT $1", "SELECT $1 FROM d WHERE day IS NOT NULL", "SELECT $1 || '' FROM d WHERE day > ''", "SELECT coalesce($1, day) FROM d",
			"SELECT at FROM d WHERE at = $1", "SELECT max(day, $1) FROM d", "INSERT INTO e (at) VALUES ($1) RETURNING at", "INSERT INTO d (at, day) VALUES ($1, NULL) RETURNING at",
			"SELECT $1 FROM d JOIN e ON d.at = e.at WHERE e.at = $1 LIMIT 1", "UPDATE d SET at = $1 RETURNING at",
		} {
			require.Equal(t, "2024-02-29 00:00:00", must[string](t)(p.One[string](t.Context(), sql+" -- day = $1", leapDay).Await(t.Context())), sql)
			run(t, p, "DELETE FROM d WHERE id IS NULL")
		}
		run(t, p, "ALTER TABLE d RENAME COLUMN day TO other; ALTER TABLE d ADD COLUMN day TIMESTAMP DEFAULT '2024-02-29 00:00:00'")
		require.Equal(t, int64(1), number(t, p, "SELECT count(*) FROM d WHERE day = $1", leapDay))
	})
}
