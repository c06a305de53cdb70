package pg_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/stretchr/testify/require"
)

// TestCancelBesideComments: a cancel request for one statement may hit the next one
// on the connection. That one runs again, whatever stands in front of it, and in a
// script as well.
func TestCancelBesideComments(t *testing.T) {
	p := open(t, plain(t), pg.Config{MaxConns: 1})
	exec(t, &p.Querier, "CREATE TABLE t (n bigint, note text)")
	texts := []string{
		"-- name: Put :exec\nINSERT INTO t VALUES ($1, ';')", "/*traceparent='00-1'*/ INSERT INTO t VALUES ($1, '')", ";INSERT INTO t VALUES ($1, '')",
		"(SELECT $1::bigint)", "/* a */ WITH x AS (SELECT $1::bigint AS n) INSERT INTO t SELECT n FROM x",
	}
	script := "-- a; b\nINSERT INTO t VALUES (1, ';'); /* c */ INSERT INTO t VALUES (2, '')"
	for round := range 30 {
		ctx, cancel := context.WithCancel(background(t))
		slow := p.One[int](ctx, fmt.Sprintf("SELECT 1 FROM pg_sleep(0.%03d)", 4+round%8))
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				ctx := background(t)
				if i%4 == 3 {
					r, err := p.Exec(ctx, script).Await(ctx)
					require.NoError(t, err)
					require.EqualValues(t, 2, r.RowsAffected)
					return
				}
				_, err := p.Exec(ctx, texts[i%len(texts)], i).Await(ctx)
				require.NoError(t, err, texts[i%len(texts)])
			})
		}
		cancel()
		_, _ = slow.Await(ctx)
		all.Wait()
	}
	idle(t, p)
}

// TestBatchKeepsWhole: a batch is all or nothing, also when one of its statements
// could commit by itself, or calls a function that writes.
func TestBatchKeepsWhole(t *testing.T) {
	p := open(t, plain(t), pg.Config{MaxConns: 2})
	exec(t, &p.Querier, "CREATE TABLE t (n bigint)")
	exec(t, &p.Querier, "CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (1); COMMIT; END $$")
	exec(t, &p.Querier, "CREATE FUNCTION writes() RETURNS bigint LANGUAGE sql AS 'INSERT INTO t VALUES (1) RETURNING n'")
	count := func() int64 { return one[int64](t, &p.Querier, "SELECT count(*) FROM t") }
	for _, sql := range []string{
		"CALL commits()", "/* x */ DO $$ BEGIN INSERT INTO t VALUES (1); COMMIT; END $$", "VACUUM t", "SELECT writes()",
	} {
		for _, first := range []bool{true, false} {
			b := p.Batch()
			if !first {
				b.Exec("INSERT INTO t VALUES (1)")
			}
			b.Exec(sql)
			b.One[int64]("SELECT n FROM t WHERE n = 99") // no row
			_, err := b.Send(background(t)).Await(background(t))
			require.Error(t, err, sql)
			require.Zero(t, count(), sql)
		}
	}
	for _, sql := range []string{"CALL commits()", "-- x\nDO $$ BEGIN INSERT INTO t VALUES (1); COMMIT; END $$", "VACUUM t"} {
		exec(t, &p.Querier, sql)                                                       // alone it may
		_, err := p.Exec(background(t), "BEGIN; "+sql+"; COMMIT").Await(background(t)) // framed it may not
		require.Error(t, err, sql)
		_, err = p.Tx(background(t), db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
			_, err := tx.Exec(ctx, sql).Await(ctx)
			return 0, err
		}).Await(background(t))
		require.Error(t, err, sql)
	}
	require.EqualValues(t, 2, count())
	idle(t, p)
}

// TestListenAsStatement is refused: the notifications would reach nobody.
func TestListenAsStatement(t *testing.T) {
	p := open(t, plain(t), pg.Config{})
	for _, sql := range []string{"LISTEN jobs", "/* x */ listen jobs", "SELECT 1; LISTEN jobs"} {
		_, err := p.Exec(background(t), sql).Await(background(t))
		require.ErrorContains(t, err, "pg.Listen", sql)
	}
	for _, sql := range []string{"-- x\nCOPY pg_class TO STDOUT", "SELECT 1; COPY pg_class TO STDOUT"} {
		_, err := p.Exec(background(t), sql).Await(background(t))
		require.ErrorContains(t, err, "CopyFrom", sql)
	}
	exec(t, &p.Querier, "UNLISTEN jobs")
	require.Equal(t, "from stdin;", one[string](t, &p.Querier, "SELECT 'from stdin;'"))
}

// TestStandardConformingStrings: where a backslash hides a quote, a text that may be
// read in two ways is refused if one of them is a control statement, and no setting
// makes the reader blind.
func TestStandardConformingStrings(t *testing.T) {
	for _, setting := range []string{"on", "off"} {
		p := open(t, plain(t), pg.Config{MaxConns: 1})
		exec(t, &p.Querier, "CREATE TABLE t (n bigint)")
		exec(t, &p.Querier, "SET standard_conforming_strings = "+setting)
		for _, sql := range []string{`SELECT 'a\'; COMMIT; --'`, `SELECT '\'', 1; COMMIT; SELECT '\''`} {
			_, err := p.Exec(background(t), sql).Await(background(t))
			require.Equal(t, db.Invalid, db.KindOf(err), "%s %s", setting, sql)
			require.ErrorContains(t, err, "Pool.Tx", setting)
		}
		if setting == "off" {
			require.EqualValues(t, 1, exec(t, &p.Querier, `INSERT INTO t SELECT length('a\';')`).RowsAffected)
			require.EqualValues(t, 3, one[int64](t, &p.Querier, "SELECT n FROM t"))
		} else {
			require.EqualValues(t, 1, exec(t, &p.Querier, `INSERT INTO t SELECT length('a;\')`).RowsAffected)
		}
	}
}
