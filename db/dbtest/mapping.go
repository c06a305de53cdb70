package dbtest

import (
	"database/sql"
	"testing"

	"github.com/fasterapi/fasterapi/db"
	"github.com/stretchr/testify/require"
)

type base struct {
	ID int64
}

type person struct {
	base
	FullName string `db:"name"`
	UserAge  *int32
	Email    sql.Null[string]
	Secret   string `db:"-"`
	Rank     int    `db:",optional"`
}

// Base is embedded in a row type: its fields count as the row's own.
//
// Owner: any (a plain value).
type Base struct {
	ID int64
}

type member struct {
	Base
	FullName string `db:"name"`
	UserAge  *int32
	Email    sql.Null[string]
	Secret   string `db:"-"`
	Rank     int    `db:",optional"`
}

func testMapping(t *testing.T, d Subject) {
	p := d.Open(t, Limits{})
	exec(t, &p.Querier, "CREATE TABLE people (id BIGINT PRIMARY KEY, name TEXT, user_age INTEGER, email TEXT)")
	exec(t, &p.Querier, "INSERT INTO people VALUES (1, 'Ann', 30, 'ann@example.org'), (2, 'Bob', NULL, NULL), (3, NULL, 1, NULL)")
	t.Run("fields", func(t *testing.T) { testFields(t, p) })
	t.Run("mismatches", func(t *testing.T) { testMismatches(t, p) })
	t.Run("values", func(t *testing.T) { testBadValues(t, p) })
}

func testFields(t *testing.T, p *db.Pool) {
	age := int32(30)
	const columns = "SELECT email, user_age, name, id FROM people WHERE id = $1"
	require.Equal(t, member{Base: Base{1}, FullName: "Ann", UserAge: &age, Email: sql.Null[string]{V: "ann@example.org", Valid: true}},
		one[member](t, &p.Querier, columns, 1))
	require.Equal(t, member{Base: Base{2}, FullName: "Bob"}, one[member](t, &p.Querier, columns, 2))
	require.Equal(t, member{Base: Base{1}, FullName: "Ann", UserAge: &age, Rank: 9},
		one[member](t, &p.Querier, "SELECT NULL AS email, user_age, name, id, 9 AS rank FROM people WHERE id = $1", 1))
	// Embedding an unexported struct exposes its fields just as well.
	require.Equal(t, int64(2), one[person](t, &p.Querier, columns, 2).ID)
	// The same statement with other row types.
	type idOnly struct{ ID int64 }
	const ids = "SELECT id FROM people WHERE id = $1"
	require.Equal(t, idOnly{2}, one[idOnly](t, &p.Querier, ids, 2))
	require.Equal(t, int64(2), one[int64](t, &p.Querier, ids, 2))
	require.Equal(t, uint16(2), one[uint16](t, &p.Querier, ids, 2))
	require.EqualValues(t, int64(2), one[any](t, &p.Querier, ids, 2))
}

// refused runs a statement whose rows do not fit T.
func refused[T any](t *testing.T, p *db.Pool, sql string, words ...string) {
	t.Helper()
	_, err := p.One[T](background(t), sql).Await(background(t))
	var mapping *db.MappingError
	require.ErrorAs(t, err, &mapping)
	for _, w := range words {
		require.ErrorContains(t, err, w)
	}
	require.Equal(t, int64(1), one[int64](t, &p.Querier, "SELECT id FROM people WHERE id = 1"), "the connection is well")
}

func testMismatches(t *testing.T, p *db.Pool) {
	type user struct {
		ID   int64
		Name string
	}
	refused[user](t, p, "SELECT id, name, email FROM people WHERE id = 1", `"email"`, "TEXT", "user", "no field")
	refused[user](t, p, "SELECT id FROM people WHERE id = 1", "user.Name", "string", "no column")
	refused[user](t, p, "SELECT id, name, name FROM people WHERE id = 1", `"name"`, "second column")
	refused[user](t, p, "SELECT id, email FROM people WHERE id = -1", `"email"`, "user.Name") // also without rows
	refused[int64](t, p, "SELECT id, name FROM people WHERE id = 1", "2 columns", "id, name")
	refused[*user](t, p, "SELECT id FROM people WHERE id = 1", "user", "by value")
	refused[chan int](t, p, "SELECT id FROM people WHERE id = 1", `"id"`, "chan int")
	type wrong struct {
		ID   int64
		Name int64
	}
	refused[wrong](t, p, "SELECT id, name FROM people WHERE id = 1", `"name"`, "TEXT", "wrong.Name", "int64")
}

func testBadValues(t *testing.T, p *db.Pool) {
	type user struct {
		ID   int64
		Name string
	}
	refused[user](t, p, "SELECT id, name FROM people WHERE id = 3", `"name"`, "user.Name", "NULL", "sql.Null[string]")
	refused[string](t, p, "SELECT name FROM people WHERE id = 3", `"name"`, "NULL")
	refused[int8](t, p, "SELECT 300 AS n", `"n"`, "int8", "300")
	refused[uint32](t, p, "SELECT -1 AS n", `"n"`, "uint32", "-1")
	// One bad row among good ones fails the query, and only that.
	_, err := p.Query[user](background(t), "SELECT id, name FROM people ORDER BY id").Await(background(t))
	require.ErrorContains(t, err, "user.Name")
	_, err = p.Exec(background(t), "INSERT INTO people (id) VALUES ($1)", uint64(1<<63)).Await(background(t))
	require.ErrorContains(t, err, "$1")
	_, err = p.Exec(background(t), "INSERT INTO people (id) VALUES ($1)", make(chan int)).Await(background(t))
	require.ErrorContains(t, err, "chan int")
}
