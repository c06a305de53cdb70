package pg_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ways are the ways to run a statement with one parameter and rows of one text.
var ways = map[string]func(context.Context, *db.Pool, string, ...any) (string, error){
	"One": func(ctx context.Context, p *db.Pool, sql string, args ...any) (string, error) {
		return p.One[string](ctx, sql, args...).Await(ctx)
	},
	"Query": func(ctx context.Context, p *db.Pool, sql string, args ...any) (string, error) {
		all, err := p.Query[string](ctx, sql, args...).Await(ctx)
		return fmt.Sprint(len(all)), err
	},
	"Exec": func(ctx context.Context, p *db.Pool, sql string, args ...any) (string, error) {
		_, err := p.Exec(ctx, sql, args...).Await(ctx)
		return "", err
	},
	"Each": func(ctx context.Context, p *db.Pool, sql string, args ...any) (last string, err error) {
		for v, err := range p.Each[string](ctx, sql, args...) {
			if err != nil {
				return "", err
			}
			last = v
		}
		return last, nil
	},
	"Batch": func(ctx context.Context, p *db.Pool, sql string, args ...any) (string, error) {
		b := p.Batch()
		b.Exec("SELECT 1")
		item := b.Query[string](sql, args...)
		_, err := b.Send(ctx).Await(ctx)
		return fmt.Sprint(len(item.Value)), err
	},
	"checked Batch": func(ctx context.Context, p *db.Pool, sql string, args ...any) (string, error) {
		b := p.Batch()
		b.Exec("UPDATE counted SET n = n + 1")
		item := b.Query[string](sql, args...)
		_, err := b.Send(ctx).Await(ctx)
		return fmt.Sprint(len(item.Value)), err
	},
	"Tx": func(ctx context.Context, p *db.Pool, sql string, args ...any) (string, error) {
		return p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (string, error) {
			return tx.One[string](ctx, sql, args...).Await(ctx)
		}).Await(ctx)
	},
	"Each in Tx": func(ctx context.Context, p *db.Pool, sql string, args ...any) (string, error) {
		return p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (last string, err error) {
			for v, err := range tx.Each[string](ctx, sql, args...) {
				if err != nil {
					return "", err
				}
				last = v
			}
			return last, nil
		}).Await(ctx)
	},
	"Batch in Tx": func(ctx context.Context, p *db.Pool, sql string, args ...any) (string, error) {
		return p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (string, error) {
			b := tx.Batch()
			b.Exec("UPDATE counted SET n = n + 1")
			item := b.Query[string](sql, args...)
			_, err := b.Send(ctx).Await(ctx)
			return fmt.Sprint(len(item.Value)), err
		}).Await(ctx)
	},
}

// changes are what others do to a database while a statement is prepared.
var changes = []struct{ name, before, sql, change string }{
	{
		"column type", "CREATE TABLE t (id text, v text); INSERT INTO t VALUES ('1', 'sad'); CREATE TYPE mood AS ENUM ('sad')",
		"SELECT id FROM t WHERE v = $1", "ALTER TABLE t ALTER v TYPE mood USING v::mood",
	},
	{
		"new column", "CREATE TABLE t (id text); INSERT INTO t VALUES ('sad')",
		"SELECT * FROM t WHERE id = $1", "ALTER TABLE t ALTER id TYPE varchar(20)",
	},
	{
		"new enum", "CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE t (v mood)",
		"INSERT INTO t VALUES ($1) RETURNING v::text", "DROP TABLE t; DROP TYPE mood; CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE t (v mood)",
	},
	{
		"function", "CREATE FUNCTION f(a varchar) RETURNS text LANGUAGE sql AS 'SELECT a::text'; CREATE TYPE mood AS ENUM ('sad')",
		"SELECT f($1)", "DROP FUNCTION f; CREATE FUNCTION f(a mood) RETURNS text LANGUAGE sql AS 'SELECT a::text'",
	},
	{
		"value type", "CREATE TABLE t (id text, v int); INSERT INTO t VALUES ('1', 1)",
		"INSERT INTO t (v) VALUES ($1) RETURNING ''::text", "ALTER TABLE t ALTER v TYPE text",
	},
	{
		"search path", "CREATE TABLE t (id text); INSERT INTO t VALUES ('sad')",
		"SELECT id FROM t WHERE id = $1", "DROP TABLE t; CREATE TABLE t (id varchar); INSERT INTO t VALUES ('sad')",
	},
}

// TestStale: after somebody has changed what a statement was prepared for, it
// heals by itself, in a transaction of the user with the next call. Every way to
// run it, on every connection that knows it, with names and through a pooler.
func TestStale(t *testing.T) {
	c := plain(t)
	cfg := pg.Config{MinConns: 3, MaxConns: 3}
	for way, run := range ways {
		t.Run(way, func(t *testing.T) {
			bouncer := pgtest.StartBouncer(t, c, 3) // one for all would keep connections to each database
			for _, x := range changes {
				t.Run("direct/"+x.name, func(t *testing.T) { stale(t, open(t, c, cfg), run, x.before, x.sql, x.change) })
				t.Run("pooler/"+x.name, func(t *testing.T) {
					stale(t, openBehind(t, c, bouncer, cfg), run, x.before, x.sql, x.change)
				})
			}
		})
	}
}

func stale(t *testing.T, p *db.Pool, run func(context.Context, *db.Pool, string, ...any) (string, error), before, sql, change string) {
	ctx := background(t)
	q := &p.Querier
	exec(t, q, "CREATE TABLE counted AS SELECT 0 AS n")
	exec(t, q, before)
	value := any("sad")
	numbers := strings.Contains(before, "v int")
	if numbers {
		value = 1
	}
	everywhere(t, p, sql, value)
	_, err := run(ctx, p, sql, value)
	require.NoError(t, err)
	other := admin(t, plain(t).URL())
	schema := one[string](t, q, "SELECT current_schema()::text")
	if database := one[string](t, q, "SELECT current_database()::text"); database != "postgres" {
		other, err = pgx.Connect(ctx, fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", plain(t).Port(), database))
		require.NoError(t, err)
		defer other.Close(ctx)
	}
	_, err = other.Exec(ctx, "SET search_path = "+schema+"; "+change)
	require.NoError(t, err)
	if numbers {
		value = "many"
	}
	_, err = run(ctx, p, sql, value)
	if err != nil {
		t.Logf("the first call: %v", err)
		require.Contains(t, t.Name(), "Tx", "transparent: %v", err)
	}
	for range 6 {
		_, err = run(ctx, p, sql, value)
		require.NoError(t, err, "from the second call on")
	}
}

// everywhere runs a statement on all three connections of p at the same time.
func everywhere(t *testing.T, p *db.Pool, sql string, value any) {
	t.Helper()
	var all, done sync.WaitGroup
	all.Add(3)
	for range 3 {
		done.Go(func() {
			_, err := p.Tx(background(t), db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
				_, err := tx.Exec(ctx, sql, value).Await(ctx)
				all.Done()
				all.Wait()
				return 0, err
			}).Await(background(t))
			assert.NoError(t, err)
		})
	}
	done.Wait()
}
