package pg_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db/pg"
)

// TestOptColumns: an Opt and a Maybe are their value in a statement, whatever the type of the column, NULL without one, and are
// read from NULL.
func TestOptColumns(t *testing.T) {
	ctx := t.Context()
	pool := open(t, plain(t), pg.Config{})
	_, err := pool.Exec(ctx, `CREATE TABLE people (id INT PRIMARY KEY, name TEXT, age INT, score FLOAT8, ok BOOL, born TIMESTAMPTZ, tags TEXT[], wait INTERVAL, data JSONB)`).Await(ctx)
	require.NoError(t, err)
	type data struct {
		A int `json:"a"`
	}
	born := time.Date(1815, 12, 10, 0, 0, 0, 0, time.UTC)
	insert := `INSERT INTO people (id, name, age, score, ok, born, tags, wait, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	_, err = pool.Exec(ctx, insert, 1, "Ada", 36, 1.5, true, born, []string{"a", "b"}, time.Minute, data{1}).Await(ctx)
	require.NoError(t, err)
	age := fasterapi.Just(36)
	_, err = pool.Exec(ctx, insert, 2, fasterapi.Some("Ada"), &age, fasterapi.Some(1.5), fasterapi.Just(true), fasterapi.Some(born),
		fasterapi.Some([]string{"a", "b"}), fasterapi.Just(time.Minute), fasterapi.Some(data{1})).Await(ctx)
	require.NoError(t, err)
	_, err = pool.Exec(ctx, insert, 3, fasterapi.Null[string](), fasterapi.Maybe[int]{}, fasterapi.Opt[float64]{}, fasterapi.Maybe[bool]{},
		fasterapi.Opt[time.Time]{}, fasterapi.Opt[[]string]{}, fasterapi.Maybe[time.Duration]{}, fasterapi.Opt[data]{}).Await(ctx)
	require.NoError(t, err)
	same, err := pool.One[int](ctx, `SELECT count(DISTINCT (name, age, score, ok, born, tags, wait, data)) FROM people WHERE id < 3`).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, same, "as the plain values")
	empty, err := pool.One[int](ctx, `SELECT num_nulls(name, age, score, ok, born, tags, wait, data) FROM people WHERE id = 3`).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, 8, empty)

	type person struct {
		Name  fasterapi.Opt[string]
		Age   fasterapi.Maybe[int16]
		Score fasterapi.Opt[float64]
		OK    fasterapi.Maybe[bool]
		Born  fasterapi.Opt[time.Time]
		Data  fasterapi.Opt[data]
	}
	got, err := pool.Query[person](ctx, `SELECT name, age, score, ok, born, data FROM people WHERE id > 1 ORDER BY id`).Await(ctx)
	require.NoError(t, err)
	at, ok := got[0].Born.Get()
	require.True(t, ok)
	require.True(t, born.Equal(at))
	got[0].Born = fasterapi.Some(born)
	require.Equal(t, person{
		fasterapi.Some("Ada"), fasterapi.Just[int16](36), fasterapi.Some(1.5), fasterapi.Just(true), fasterapi.Some(born), fasterapi.Some(data{1}),
	}, got[0])
	require.True(t, got[1].Name.IsNull())
	require.True(t, got[1].Age.IsZero())
}
