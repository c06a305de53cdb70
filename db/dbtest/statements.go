package dbtest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/fasterapi/fasterapi/db"
	"github.com/stretchr/testify/require"
)

// disguises are what may stand around a statement without changing it.
var disguises = []string{
	"%", "%;", ";%", " ;; %;;", "-- name: Put :exec\n%", "/* a; b */%", "-- ;\n/* ' */ ; /*\"*/\n%", "%-- done; COMMIT", "% /* ; */ ; -- ;\n",
}

func disguised(sql string) []string {
	out := make([]string, len(disguises))
	for i, d := range disguises {
		out[i] = strings.Replace(d, "%", sql, 1)
	}
	return out
}

// way is a call that runs a text, in or out of transactions and batches, and returns
// how many rows it has affected.
//
// Owner: any (immutable once made).
type way struct {
	name string
	item bool // of a batch
	tx   bool
	run  func(ctx context.Context, p *db.Pool, sql string) (db.Result, error)
}

var execWays = []way{
	{name: "Exec", run: func(ctx context.Context, p *db.Pool, sql string) (db.Result, error) {
		return p.Exec(ctx, sql).Await(ctx)
	}},
	{name: "Batch", item: true, run: func(ctx context.Context, p *db.Pool, sql string) (db.Result, error) {
		return inBatch(ctx, p.Batch(), sql)
	}},
	{name: "Tx", tx: true, run: func(ctx context.Context, p *db.Pool, sql string) (db.Result, error) {
		return p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (db.Result, error) { return tx.Exec(ctx, sql).Await(ctx) }).Await(ctx)
	}},
	{name: "Batch in a Tx", item: true, tx: true, run: func(ctx context.Context, p *db.Pool, sql string) (db.Result, error) {
		return p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (db.Result, error) { return inBatch(ctx, tx.Batch(), sql) }).Await(ctx)
	}},
}

func inBatch(ctx context.Context, b *db.Batch, sql string) (db.Result, error) {
	item := b.Exec(sql)
	_, err := b.Send(ctx).Await(ctx)
	return item.Value, err
}

// rowWays are calls that want rows.
var rowWays = []way{
	{name: "One", run: func(ctx context.Context, p *db.Pool, sql string) (db.Result, error) {
		_, err := p.One[int64](ctx, sql).Await(ctx)
		return db.Result{}, err
	}},
	{name: "Query", run: func(ctx context.Context, p *db.Pool, sql string) (db.Result, error) {
		_, err := p.Query[int64](ctx, sql).Await(ctx)
		return db.Result{}, err
	}},
	{name: "Each", run: func(ctx context.Context, p *db.Pool, sql string) (db.Result, error) {
		for _, err := range p.Each[int64](ctx, sql) {
			if err != nil {
				return db.Result{}, err
			}
		}
		return db.Result{}, nil
	}},
	{name: "Each in a Tx", run: func(ctx context.Context, p *db.Pool, sql string) (db.Result, error) {
		return p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (r db.Result, err error) {
			for _, err = range tx.Each[int64](ctx, sql) {
				if err != nil {
					break
				}
			}
			return r, err
		}).Await(ctx)
	}},
	{name: "Exec with a parameter", run: func(ctx context.Context, p *db.Pool, sql string) (db.Result, error) {
		return p.Exec(ctx, sql, 1).Await(ctx)
	}},
	{name: "Batch of rows", run: func(ctx context.Context, p *db.Pool, sql string) (db.Result, error) {
		b := p.Batch()
		b.Query[int64](sql)
		_, err := b.Send(ctx).Await(ctx)
		return db.Result{}, err
	}},
}

// testAffected: RowsAffected is the rows that a statement has inserted, updated or
// deleted, in whatever call and whatever stands around and inside of it.
func testAffected(t *testing.T, d Subject) {
	p := d.Open(t, Limits{})
	ctx := background(t)
	exec(t, &p.Querier, "CREATE TABLE notes (id BIGINT PRIMARY KEY, note TEXT)")
	exec(t, &p.Querier, "CREATE TABLE owned (id BIGINT PRIMARY KEY, of BIGINT REFERENCES notes (id) ON DELETE CASCADE)")
	for _, test := range []struct {
		sql  string
		want int64
	}{
		{"INSERT INTO notes (id, note) VALUES (1, 'a; b'), (2, 'c'), (3, ';')", 3},
		{"INSERT INTO owned (id, of) VALUES (1, 3), (2, 3)", 2},
		{"UPDATE notes SET note = 'x; y' WHERE id = 1", 1},
		{"UPDATE notes SET note = 'it''s; so' /* ; */ WHERE id < 3 -- ;\n", 2},
		{"UPDATE notes SET note = note WHERE id = 99", 0},
		{"INSERT INTO notes (id, note) VALUES (1, ';') ON CONFLICT DO NOTHING", 0},
		{"INSERT INTO notes (id, note) VALUES (1, ';') ON CONFLICT (id) DO UPDATE SET note = 'z;'", 1},
		{"WITH n AS (SELECT 7 AS id) INSERT INTO notes (id, note) SELECT id, ';' FROM n", 1},
		{"WITH n AS (SELECT 7 AS id) DELETE FROM notes WHERE id IN (SELECT id FROM n) AND note <> 'a;'", 1},
		{"SELECT id FROM notes WHERE note <> ';'", 0},
		{"CREATE TABLE copied AS SELECT id, ';' AS s FROM notes", 0},
		{"DELETE FROM notes WHERE note <> ';;' RETURNING id", 3}, // and what is owned
		{"DROP TABLE copied", 0},
	} {
		for _, w := range execWays {
			for _, text := range disguised(test.sql) {
				restore(t, p, test.sql)
				r, err := w.run(ctx, p, text)
				require.NoError(t, err, "%s: %q", w.name, text)
				require.Equal(t, test.want, r.RowsAffected, "%s: %q", w.name, text)
			}
		}
	}
}

// restore makes the tables of testAffected as they are before sql runs.
func restore(t *testing.T, p *db.Pool, sql string) {
	t.Helper()
	exec(t, &p.Querier, "DROP TABLE IF EXISTS copied")
	exec(t, &p.Querier, "DELETE FROM owned")
	exec(t, &p.Querier, "DELETE FROM notes")
	if strings.HasPrefix(sql, "INSERT INTO notes (id, note) VALUES (1, 'a; b')") {
		return
	}
	exec(t, &p.Querier, "INSERT INTO notes (id, note) VALUES (1, 'a'), (2, 'b'), (3, 'c')")
	switch {
	case strings.HasPrefix(sql, "INSERT INTO owned"):
	case strings.HasPrefix(sql, "DROP"):
		exec(t, &p.Querier, "CREATE TABLE copied AS SELECT id FROM notes")
	case strings.HasPrefix(sql, "WITH") && strings.Contains(sql, "DELETE"):
		exec(t, &p.Querier, "INSERT INTO notes (id, note) VALUES (7, 'd')")
	default:
		exec(t, &p.Querier, "INSERT INTO owned (id, of) VALUES (1, 3), (2, 3)")
	}
}

// testScripts: several statements in one Exec are all or nothing, with or without a
// BEGIN and COMMIT around them; RowsAffected is the sum; the error is that of the
// statement that failed.
func testScripts(t *testing.T, d Subject) {
	p := d.Open(t, Limits{})
	ctx := background(t)
	exec(t, &p.Querier, "CREATE TABLE notes (id BIGINT PRIMARY KEY, note TEXT)")
	count := func() int64 { return one[int64](t, &p.Querier, "SELECT count(*) FROM notes") }
	body := "INSERT INTO notes VALUES (1, ';'), (2, ''); -- ;\nSELECT id FROM notes;; CREATE TABLE more (id BIGINT); UPDATE notes SET note = 'COMMIT; x'; " +
		"DROP TABLE more; DELETE FROM notes WHERE id = 2;"
	for _, w := range execWays {
		for _, sql := range []string{body, "BEGIN; " + body + " COMMIT", "/* x */ begin transaction;" + body + "end transaction -- done"} {
			frame := sql != body
			for _, text := range disguised(sql) {
				exec(t, &p.Querier, "DELETE FROM notes")
				r, err := w.run(ctx, p, text)
				if w.item || w.tx && frame {
					require.Equal(t, db.Invalid, db.KindOf(err), "%s: %q: %v", w.name, text, err)
					require.Zero(t, count(), "%s: %q", w.name, text)
					continue
				}
				require.NoError(t, err, "%s: %q", w.name, text)
				require.EqualValues(t, 5, r.RowsAffected, "%s: %q", w.name, text)
				require.EqualValues(t, 1, count())
			}
		}
	}
	exec(t, &p.Querier, "DELETE FROM notes")
	for _, w := range execWays {
		for _, sql := range []string{
			"INSERT INTO notes VALUES (1, ';'); INSERT INTO missing VALUES (1); INSERT INTO notes VALUES (2, '')",
			"BEGIN; INSERT INTO notes VALUES (1, ';'); INSERT INTO missing VALUES (1); COMMIT",
		} {
			if w.item || w.tx && strings.HasPrefix(sql, "BEGIN") {
				continue
			}
			_, err := w.run(ctx, p, sql)
			require.ErrorContains(t, err, "missing", "%s: %s", w.name, sql)
			require.Equal(t, db.Invalid, db.KindOf(err), "%s: %s: %v", w.name, sql, err)
			require.Zero(t, count(), "%s: %s", w.name, sql)
		}
	}
	for _, w := range rowWays {
		_, err := w.run(ctx, p, "SELECT 1; INSERT INTO notes VALUES (1, '')")
		require.Equal(t, db.Invalid, db.KindOf(err), "%s: %v", w.name, err)
		require.Zero(t, count(), w.name)
	}
	for _, w := range append(execWays, rowWays...) {
		for _, text := range disguised("") {
			_, err := w.run(ctx, p, text)
			require.Equal(t, db.Invalid, db.KindOf(err), "%s: %v", w.name, err)
			require.ErrorContains(t, err, "empty", w.name)
		}
	}
	r := exec(t, &p.Querier, "BEGIN; /* nothing */ COMMIT")
	require.Zero(t, r.RowsAffected)
	idle(t, p)
}

// controls are statements that begin or end a transaction, or a part of one, and
// scripts with them.
var controls = []string{
	"BEGIN", "begin transaction", "COMMIT", "END", "END TRANSACTION", "ROLLBACK", "SAVEPOINT a", "RELEASE SAVEPOINT a", "ROLLBACK TO SAVEPOINT a",
	"BEGIN; INSERT INTO notes VALUES (1)", "INSERT INTO notes VALUES (1); COMMIT", "INSERT INTO notes VALUES (1); COMMIT; INSERT INTO notes VALUES (1)",
	"BEGIN; INSERT INTO notes VALUES (1); ROLLBACK", "BEGIN; INSERT INTO notes VALUES (1); COMMIT; INSERT INTO notes VALUES (2)",
	"BEGIN; INSERT INTO notes VALUES (1); COMMIT; BEGIN; INSERT INTO notes VALUES (2); COMMIT", "INSERT INTO notes VALUES (1); SAVEPOINT a; SELECT 1",
	"BEGIN; INSERT INTO notes VALUES (1); SAVEPOINT a; RELEASE SAVEPOINT a; COMMIT",
}

// testControl: what begins or ends a transaction is refused before anything is sent,
// in whatever call and disguise, so neither the call nor anybody else's is touched.
func testControl(t *testing.T, d Subject) {
	p := d.Open(t, Limits{})
	ctx := background(t)
	exec(t, &p.Querier, "CREATE TABLE notes (id BIGINT)")
	exec(t, &p.Querier, "CREATE TABLE kept (id BIGINT)")
	broken := p.Stats().Broken
	for _, sql := range append(controls, d.Controls...) {
		for _, text := range disguised(sql) {
			for _, w := range append(execWays, rowWays...) {
				_, err := w.run(ctx, p, text)
				refusedBefore(t, err, w.name+": "+text)
			}
			testControlInside(t, p, text)
			require.Zero(t, one[int64](t, &p.Querier, "SELECT count(*) FROM notes"), "%q", text)
		}
	}
	require.Equal(t, broken, p.Stats().Broken, "connections were lost")
	idle(t, p)
}

// testControlInside: a transaction and a batch go on as if nothing had been asked.
func testControlInside(t *testing.T, p *db.Pool, text string) {
	ctx := background(t)
	before := one[int64](t, &p.Querier, "SELECT count(*) FROM kept")
	_, err := p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
		exec(t, &tx.Querier, "INSERT INTO kept VALUES (1)")
		_, err := tx.Exec(ctx, text).Await(ctx)
		refusedBefore(t, err, "Tx: "+text)
		_, err = tx.Savepoint(ctx, func(ctx context.Context, tx *db.Tx) (int, error) { return tx.One[int](ctx, text).Await(ctx) }).Await(ctx)
		refusedBefore(t, err, "Savepoint: "+text)
		exec(t, &tx.Querier, "INSERT INTO kept VALUES (2)")
		return 0, nil
	}).Await(ctx)
	require.NoError(t, err, "%q", text)
	require.Equal(t, before+2, one[int64](t, &p.Querier, "SELECT count(*) FROM kept"), "%q", text)

	b := p.Batch()
	b.Exec("INSERT INTO kept VALUES (3)")
	b.Exec(text)
	b.Exec("INSERT INTO kept VALUES (CAST('no number' AS BIGINT), 1)")
	_, err = b.Send(ctx).Await(ctx)
	failed, ok := errors.AsType[*db.BatchError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, 1, failed.Index)
	require.Equal(t, text, failed.SQL)
	require.Equal(t, before+2, one[int64](t, &p.Querier, "SELECT count(*) FROM kept"), "%q", text)
}

func refusedBefore(t *testing.T, err error, what string) {
	t.Helper()
	require.Equal(t, db.Invalid, db.KindOf(err), "%s: %v", what, err)
	require.ErrorContains(t, err, "Tx", what)
}
