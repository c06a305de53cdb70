package sqlite_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db"
)

// TestOptColumns: an Opt and a Maybe are their value in a statement, NULL without one, and are read from NULL.
func TestOptColumns(t *testing.T) {
	both(t, optColumns)
}

func optColumns(t *testing.T, pool *db.Pool) {
	ctx := t.Context()
	_, err := pool.Exec(ctx, `CREATE TABLE people (id INT PRIMARY KEY, name TEXT, age INT, score REAL, ok BOOL, born TIMESTAMP, tags JSON)`).Await(ctx)
	require.NoError(t, err)
	type person struct {
		ID    int
		Name  fasterapi.Opt[string]
		Age   fasterapi.Maybe[int16]
		Score fasterapi.Opt[float64]
		OK    fasterapi.Maybe[bool]
		Born  fasterapi.Opt[time.Time]
		Tags  fasterapi.Opt[[]string]
	}
	born := time.Date(1815, 12, 10, 0, 0, 0, 0, time.UTC)
	full := person{1, fasterapi.Some("Ada"), fasterapi.Just[int16](36), fasterapi.Some(1.5), fasterapi.Just(true), fasterapi.Some(born), fasterapi.Some([]string{"a", "b"})}
	none := person{ID: 2}
	for _, p := range []person{full, none} {
		_, err := pool.Exec(ctx, `INSERT INTO people (id, name, age, score, ok, born, tags) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			p.ID, p.Name, &p.Age, p.Score, p.OK, p.Born, p.Tags).Await(ctx)
		require.NoError(t, err)
	}
	name, err := pool.One[string](ctx, `SELECT name || age || tags FROM people WHERE name IS NOT NULL`).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, `Ada36["a","b"]`, name, "no JSON text of an Opt")
	got, err := pool.Query[person](ctx, `SELECT id, name, age, score, ok, born, tags FROM people ORDER BY id`).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, full, got[0])
	require.True(t, got[1].Name.IsNull())
	require.True(t, got[1].Age.IsZero())
	require.True(t, got[1].Tags.IsNull())

	_, err = pool.One[fasterapi.Maybe[int8]](ctx, `SELECT 300`).Await(ctx)
	require.ErrorContains(t, err, "does not fit")

	// What a PATCH writes: COALESCE keeps what is absent, and a flag tells null from absent.
	change := fasterapi.Null[string]()
	_, err = pool.Exec(ctx, `UPDATE people SET name = CASE WHEN $1 THEN $2 ELSE name END, age = COALESCE($3, age) WHERE id = 1`,
		!change.IsZero(), change, fasterapi.Maybe[int]{}).Await(ctx)
	require.NoError(t, err)
	after, err := pool.One[person](ctx, `SELECT id, name, age, score, ok, born, tags FROM people WHERE id = 1`).Await(ctx)
	require.NoError(t, err)
	require.True(t, after.Name.IsNull())
	require.Equal(t, full.Age, after.Age)
}
