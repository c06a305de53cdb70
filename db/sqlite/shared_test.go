package sqlite_test

import (
	"context"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/sqlite"
	"github.com/stretchr/testify/require"
)

// TestCounters: a number that belongs to a connection is refused where it would be
// another call's, and right in the transaction that wrote.
func TestCounters(t *testing.T) {
	both(t, func(t *testing.T, p *db.Pool) {
		ctx := t.Context()
		run(t, p, `CREATE TABLE t (id INTEGER PRIMARY KEY, n); CREATE TABLE log (id, rows);
			CREATE TRIGGER logged AFTER INSERT ON t WHEN new.n > 0 BEGIN INSERT INTO log VALUES (last_insert_rowid(), changes()); END;
			CREATE VIEW counts AS SELECT changes() AS n`)
		run(t, p, "INSERT INTO t VALUES (41, 0)")
		for _, sql := range []string{
			"SELECT last_insert_rowid()", "SELECT changes()", "SELECT total_changes()", "select Last_Insert_RowID ( )",
			"/* c */ SELECT 1 + \"changes\"()", "SELECT n FROM counts", "WITH x AS (SELECT changes() AS n) SELECT n FROM x",
			"INSERT INTO log VALUES (last_insert_rowid(), 0) RETURNING id", "UPDATE t SET n = total_changes() RETURNING n",
			"SELECT (SELECT n FROM t WHERE id = last_insert_rowid())",
		} {
			for way, call := range ways(t, p) {
				if way == "a script" || way == "with $1" {
					continue // allowed; another error
				}
				err := call(sql)
				require.Equal(t, db.Invalid, db.KindOf(err), "%s: %s: %v", way, sql, err)
				if way != "a reading Tx" || reading(sql) {
					require.ErrorContains(t, err, "RETURNING", way)
				}
			}
		}
		require.Equal(t, int64(0), number(t, p, "SELECT count(*) FROM log"))
		run(t, p, "INSERT INTO t VALUES (51, 1)") // the trigger's own
		require.Equal(t, int64(51), number(t, p, "SELECT id FROM log"))
		require.Equal(t, int64(1), number(t, p, "SELECT count(*) FROM t WHERE n = 'changes()' OR n = 1 -- changes()"))

		run(t, p, "INSERT INTO t VALUES (61, 0); INSERT INTO log VALUES (last_insert_rowid(), 7)")
		require.Equal(t, int64(61), number(t, p, "SELECT id FROM log WHERE rows = 7"))
		b := p.Batch()
		b.Exec("INSERT INTO t VALUES (71, 0), (72, 0)")
		last, rows := b.One[int64]("SELECT last_insert_rowid()"), b.One[int64]("SELECT changes()")
		must[struct{}](t)(b.Send(ctx).Await(ctx))
		require.Equal(t, []int64{72, 2}, []int64{last.Value, rows.Value})
		for range 2 { // cached
			id, err := p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int64, error) {
				if _, err := tx.Exec(ctx, "INSERT INTO t (n) VALUES (0)").Await(ctx); err != nil {
					return 0, err
				}
				return tx.One[int64](ctx, "SELECT last_insert_rowid()").Await(ctx)
			}).Await(ctx)
			require.NoError(t, err)
			require.Equal(t, number(t, p, "SELECT max(id) FROM t"), id)
			_, err = p.One[int64](ctx, "SELECT last_insert_rowid()").Await(ctx)
			require.ErrorContains(t, err, "RETURNING", "cached, but no transaction")
		}
	})
}

// reading tells that a test's statement starts as one that reads.
func reading(sql string) bool { return sql[0] != 'I' && sql[0] != 'U' }

// TestAttach: a file is attached to all connections, or to none.
func TestAttach(t *testing.T) {
	dir := t.TempDir()
	archive := filepath.Join(dir, "it's old.db")
	both(t, func(t *testing.T, p *db.Pool) {
		for _, sql := range []string{
			"ATTACH 'x.db' AS other", "-- why\nATTACH DATABASE ':memory:' AS other", "attach $1 as other", "DETACH main", "EXPLAIN ATTACH 'x.db' AS other",
			"CREATE TABLE early (n); ATTACH 'x.db' AS other",
		} {
			args := []any{}
			if sql[0] == 'a' {
				args = []any{"x.db"}
			}
			_, err := p.Exec(t.Context(), sql, args...).Await(t.Context())
			require.Equal(t, db.Invalid, db.KindOf(err), "%s: %v", sql, err)
			require.ErrorContains(t, err, "Config.Attach")
		}
		require.Equal(t, int64(0), number(t, p, "SELECT count(*) FROM sqlite_schema"))
		require.Equal(t, int64(1), number(t, p, "SELECT count(*) FROM pragma_database_list WHERE name <> 'temp'"))
	})
	cfg := sqlite.Config{Attach: map[string]string{"archive": archive}}
	p, err := sqlite.Open(filepath.Join(dir, "a.db"), cfg)
	require.NoError(t, err)
	run(t, p, "CREATE TABLE archive.t (n); INSERT INTO archive.t VALUES (1); CREATE TABLE t (n); INSERT INTO t SELECT n FROM archive.t")
	for range 20 { // on every reader
		require.Equal(t, int64(1), number(t, p, "SELECT count(*) FROM t JOIN archive.t USING (n)"))
	}
	require.Equal(t, "wal", must[string](t)(p.One[string](t.Context(), "PRAGMA archive.journal_mode").Await(t.Context())))
	require.Equal(t, int64(1), number(t, p, "PRAGMA archive.synchronous"))
	copied := filepath.Join(dir, "copy.db")
	run(t, p, "VACUUM") // attaches a file inside of SQLite
	run(t, p, "VACUUM INTO '"+copied+"'")
	require.FileExists(t, copied)
	require.NoError(t, p.Close(t.Context()))

	many := map[string]string{}
	for i := range 11 {
		many["a"+strconv.Itoa(i)] = "x.db"
	}
	for words, files := range map[string]map[string]string{
		"uses itself": {"Main": "x.db"}, "letters": {"a b": "x.db"}, "1st": {"1st": "x.db"}, "no file": {"a": ":memory:"}, "takes 10": many,
	} {
		_, err = sqlite.Open(filepath.Join(dir, "b.db"), sqlite.Config{Attach: files})
		require.ErrorContains(t, err, words)
	}
	_, err = sqlite.Open(sqlite.Memory, cfg)
	require.NoError(t, err, "a database in memory has one connection")
}

// TestConfigPragmas: settings hold on every connection.
func TestConfigPragmas(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	p, err := sqlite.Open(path, sqlite.Config{Pragmas: map[string]string{"case_sensitive_like": "ON", "cache_size": "-3000", "page_size": "8192"}})
	require.NoError(t, err)
	defer p.Close(t.Context())
	require.Equal(t, int64(8192), number(t, p, "PRAGMA page_size"))
	require.Equal(t, int64(-3000), number(t, p, "PRAGMA cache_size"))
	for range 20 {
		require.Equal(t, int64(0), number(t, p, "SELECT 'a' LIKE 'A'"))
	}
	run(t, p, "CREATE TABLE t (n)")
	require.Equal(t, int64(0), must[int64](t)(p.One[int64](t.Context(), "INSERT INTO t VALUES ('a' LIKE 'A') RETURNING n").Await(t.Context())))
	for name, words := range map[string]string{
		"foreign_keys": "foreign keys are always on", "journal_mode": "WAL", "synchronous": "Config.FullSync", "user_version": "not a setting",
		"nothing": "not a setting", "soft_heap_limit": "whole process",
	} {
		_, err := sqlite.Open(path, sqlite.Config{Pragmas: map[string]string{name: "1"}})
		require.ErrorContains(t, err, words, name)
	}
	_, err = sqlite.Open(path, sqlite.Config{Pragmas: map[string]string{"cache_size": "1; DROP TABLE t"}})
	require.ErrorContains(t, err, "no word and no number")
	require.Equal(t, int64(1), number(t, p, "SELECT count(*) FROM t"))
}

// TestOwnStatements: what SQLite compiles itself, for virtual tables and to change a
// schema, is nobody's statement.
func TestOwnStatements(t *testing.T) {
	both(t, func(t *testing.T, p *db.Pool) {
		run(t, p, "CREATE VIRTUAL TABLE notes USING fts5 (body); CREATE VIRTUAL TABLE boxes USING rtree (id, a, b)")
		run(t, p, "INSERT INTO notes VALUES ('changes() of the weather'); INSERT INTO boxes VALUES (1, 0, 2)")
		require.Equal(t, int64(1), number(t, p, "SELECT count(*) FROM notes WHERE notes MATCH $1", "weather"))
		require.Equal(t, int64(1), number(t, p, "SELECT count(*) FROM boxes WHERE a <= $1 AND b >= $1", 1))
		run(t, p, "CREATE TABLE t (a, b); CREATE INDEX i ON t (a); CREATE VIEW v AS SELECT a FROM t; ALTER TABLE t RENAME COLUMN a TO c; ALTER TABLE t DROP COLUMN b; ALTER TABLE t RENAME TO u")
		run(t, p, "REINDEX; ANALYZE; INSERT INTO notes (notes) VALUES ('rebuild'); DROP TABLE boxes; DROP VIEW v; DROP TABLE u")
		run(t, p, "VACUUM")
		require.Equal(t, int64(1), number(t, p, "SELECT count(*) FROM notes"))
	})
}
