package pg_test

import (
	"fmt"
	"testing"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/stretchr/testify/require"
)

// TestStatementCache: many texts, few places; the server must not keep more.
func TestStatementCache(t *testing.T) {
	p := open(t, plain(t), pg.Config{MaxConns: 1, StatementCache: 8})
	ctx := background(t)
	for round := range 3 {
		var all []async.Future[int64]
		for i := range 50 {
			all = append(all, p.One[int64](ctx, fmt.Sprintf("SELECT %d::bigint + $1", i), round))
		}
		for i, f := range all {
			v, err := f.Await(ctx)
			require.NoError(t, err)
			require.EqualValues(t, i+round, v)
		}
	}
	// One more each, so that the last evictions have been sent.
	for range 10 {
		one[int64](t, &p.Querier, "SELECT count(*) FROM pg_prepared_statements")
	}
	require.LessOrEqual(t, one[int64](t, &p.Querier, "SELECT count(*) FROM pg_prepared_statements"), int64(8))
}

// TestTableChanges: prepared statements survive that tables are altered, and
// dropped and made anew with other types.
func TestTableChanges(t *testing.T) {
	p := open(t, plain(t), pg.Config{MaxConns: 4})
	q := &p.Querier
	for i, typ := range []string{"bigint", "text", "integer", "numeric"} {
		exec(t, q, "CREATE TABLE changing (v "+typ+")")
		exec(t, q, "INSERT INTO changing VALUES ($1)", i)
		require.Equal(t, fmt.Sprint(i), fmt.Sprint(one[any](t, q, "SELECT v FROM changing")))
		exec(t, q, "DROP TABLE changing")
	}
	exec(t, q, "CREATE TABLE growing (a bigint)")
	exec(t, q, "INSERT INTO growing VALUES (1)")
	type narrow struct{ A int64 }
	type wide struct {
		A int64
		B *int64
	}
	require.Equal(t, narrow{1}, one[narrow](t, q, "SELECT * FROM growing"))
	exec(t, q, "ALTER TABLE growing ADD COLUMN b bigint")
	require.Equal(t, wide{1, nil}, one[wide](t, q, "SELECT * FROM growing"))
	_, err := p.One[narrow](background(t), "SELECT * FROM growing").Await(background(t))
	var mapping *db.MappingError
	require.ErrorAs(t, err, &mapping)
	exec(t, q, "DEALLOCATE ALL") // what a pooler may do to us
	require.Equal(t, wide{1, nil}, one[wide](t, q, "SELECT * FROM growing"))
}

func TestScripts(t *testing.T) {
	p := open(t, plain(t), pg.Config{})
	q := &p.Querier
	exec(t, q, "CREATE TABLE s (v text); INSERT INTO s VALUES ('a;b'); INSERT INTO s VALUES ('c')")
	require.EqualValues(t, 2, one[int64](t, q, "SELECT count(*) FROM s"))
	_, err := p.Exec(background(t), "INSERT INTO s VALUES ('d'); SELECT 1 / 0").Await(background(t))
	require.Error(t, err)
	require.EqualValues(t, 2, one[int64](t, q, "SELECT count(*) FROM s"), "all or nothing")
	_, err = p.Exec(background(t), "INSERT INTO s VALUES ($1); SELECT 1", "x").Await(background(t))
	require.Equal(t, db.Invalid, db.KindOf(err))
}
