package sqlite_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/dbtest"
	"github.com/fasterapi/fasterapi/db/sqlite"
	"github.com/stretchr/testify/require"
)

// both runs a test with a database in a file and with one in memory.
func both(t *testing.T, test func(t *testing.T, p *db.Pool)) {
	t.Run("file", func(t *testing.T) { test(t, open(t, filepath.Join(t.TempDir(), "a.db"), dbtest.Limits{})) })
	t.Run("memory", func(t *testing.T) { test(t, open(t, sqlite.Memory, dbtest.Limits{})) })
}

// family makes a parent with two children that go with it.
func family(t testing.TB, p *db.Pool) {
	t.Helper()
	run(t, p, `CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);
		CREATE TABLE child (id INTEGER PRIMARY KEY, parent REFERENCES parent (id) ON DELETE CASCADE);
		INSERT INTO parent VALUES (1, 'a');
		INSERT INTO child VALUES (1, 1), (2, 1)`)
}

// rebuild is the procedure of https://www.sqlite.org/lang_altertable.html#otheralter.
const rebuild = `CREATE TABLE n (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
	INSERT INTO n SELECT id, name FROM parent;
	DROP TABLE parent;
	ALTER TABLE n RENAME TO parent;`

// whole makes sure that nothing of family is lost and the settings are those of a
// fresh pool.
func whole(t testing.TB, p *db.Pool) {
	t.Helper()
	for pragma, want := range map[string]int64{
		"foreign_keys": 1, "query_only": 0, "recursive_triggers": 0, "legacy_alter_table": 0, "writable_schema": 0,
		"ignore_check_constraints": 0, "defer_foreign_keys": 0, "reverse_unordered_selects": 0, "synchronous": 1,
	} {
		require.Equal(t, want, number(t, p, "PRAGMA "+pragma), pragma)
	}
	require.Equal(t, int64(2), number(t, p, "SELECT count(*) FROM child"), "children")
	require.Equal(t, int64(1), number(t, p, "SELECT count(*) FROM parent"), "parents")
	_, err := p.Exec(t.Context(), "INSERT INTO child VALUES (99, 12345)").Await(t.Context())
	require.Equal(t, db.ForeignKeyViolation, db.KindOf(err), "%v", err)
	run(t, p, "CREATE TABLE probe (n); DROP TABLE probe")
}

// TestForeignKeysStay: the scripts that would turn foreign keys off, and all ways
// for a statement to do so, are refused and have no effect at all.
func TestForeignKeysStay(t *testing.T) {
	const off, on = "PRAGMA foreign_keys = OFF;", "PRAGMA foreign_keys = ON;"
	both(t, func(t *testing.T, p *db.Pool) {
		family(t, p)
		for _, sql := range []string{
			off + rebuild + on,
			"SELECT 1;" + off + rebuild + on,
			"-- ;\n" + off + rebuild,
			"/* PRAGMA */ ;; " + off + "BEGIN;" + rebuild + "COMMIT;" + on,
			"CREATE TABLE other (n);" + off + rebuild,
			"INSERT INTO child VALUES (3, 1); PRAGMA \"main\" . [foreign_keys](0);" + rebuild,
			"PRAGMA main.foreign_keys = 0",
			"pragma foreign_keys('no')",
			"EXPLAIN PRAGMA foreign_keys = false",
			"EXPLAIN QUERY PLAN PRAGMA foreign_keys = OFF",
			"PRAGMA foreign_keys = OFF",
			off + off,
			slow + ";" + off, // nothing runs before it is refused
		} {
			_, err := p.Exec(t.Context(), sql).Await(t.Context())
			require.Equal(t, db.Invalid, db.KindOf(err), "%s: %v", sql, err)
			require.ErrorContains(t, err, "sqlite.Migrate", sql)
			require.ErrorContains(t, err, "defer_foreign_keys", sql)
			whole(t, p)
			_, err = p.One[int](t.Context(), sql).Await(t.Context())
			require.Equal(t, db.Invalid, db.KindOf(err), "%s: %v", sql, err)
			_, err = p.Query[int](t.Context(), sql, 1).Await(t.Context())
			require.Equal(t, db.Invalid, db.KindOf(err), "%s: %v", sql, err)
			for _, err := range p.Each[int](t.Context(), sql) {
				require.Equal(t, db.Invalid, db.KindOf(err), "%s: %v", sql, err)
			}
			b := p.Batch()
			b.Exec("INSERT INTO parent VALUES (7, 'x')")
			b.Exec(sql)
			_, err = b.Send(t.Context()).Await(t.Context())
			require.Equal(t, db.Invalid, db.KindOf(err), "%s: %v", sql, err)
			whole(t, p)
			_, err = p.Tx(t.Context(), db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
				_, err := tx.Exec(ctx, sql).Await(ctx)
				require.Equal(t, db.Invalid, db.KindOf(err), "%s: %v", sql, err)
				_, err = tx.Exec(ctx, "UPDATE parent SET name = 'b'").Await(ctx)
				return 0, err
			}).Await(t.Context())
			require.NoError(t, err, "the refused statement has not touched the transaction")
			whole(t, p)
		}
	})
}

// TestSettingsStay: no PRAGMA of a statement changes what later ones mean, whoever
// asks and however the call ends.
func TestSettingsStay(t *testing.T) {
	both(t, func(t *testing.T, p *db.Pool) {
		family(t, p)
		for _, sql := range []string{
			"PRAGMA query_only = ON", "PRAGMA journal_mode = DELETE", "PRAGMA main.journal_mode(OFF)", "PRAGMA synchronous = OFF",
			"PRAGMA legacy_alter_table = ON", "PRAGMA writable_schema = ON", "PRAGMA writable_schema = RESET", "PRAGMA recursive_triggers = ON",
			"PRAGMA ignore_check_constraints = ON", "PRAGMA reverse_unordered_selects = 1", "PRAGMA case_sensitive_like = ON",
			"PRAGMA locking_mode = EXCLUSIVE", "PRAGMA cache_size = 1", "PRAGMA max_page_count = 10", "PRAGMA temp_store = FILE",
			"PRAGMA busy_timeout = 1", "PRAGMA schema_version = 7", "PRAGMA wal_autocheckpoint = 0", "PRAGMA trusted_schema = OFF",
			"PRAGMA full_column_names = ON", "PRAGMA read_uncommitted = 1", "PRAGMA defer_foreign_keys = ON", "PRAGMA auto_vacuum = FULL",
			"PRAGMA foriegn_keys = ON", "PRAGMA nothing", "/* x */ PRAGMA/**/recursive_triggers/**/=/**/1 -- y",
			"EXPLAIN PRAGMA query_only = 1", "EXPLAIN QUERY PLAN PRAGMA recursive_triggers = 1", "PRAGMA defer_foreign_keys = ON; -- alone",
		} {
			for way, call := range ways(t, p) {
				err := call(sql)
				require.Equal(t, db.Invalid, db.KindOf(err), "%s: %s: %v", way, sql, err)
				require.Condition(t, func() bool {
					return strings.Contains(err.Error(), "PRAGMA") || strings.Contains(err.Error(), "several statements")
				}, "%s: %s: %v", way, sql, err)
			}
			whole(t, p)
		}
	})
}

// ways are the ways for a statement into the pool.
func ways(t *testing.T, p *db.Pool) map[string]func(sql string) error {
	ctx := t.Context()
	return map[string]func(sql string) error{
		"Exec":    func(sql string) error { _, err := p.Exec(ctx, sql).Await(ctx); return err },
		"One":     func(sql string) error { _, err := p.One[int](ctx, sql).Await(ctx); return err },
		"Query":   func(sql string) error { _, err := p.Query[string](ctx, sql).Await(ctx); return err },
		"with $1": func(sql string) error { _, err := p.Exec(ctx, sql, 1).Await(ctx); return err },
		"a script": func(sql string) error {
			_, err := p.Exec(ctx, "CREATE TABLE x (n); "+notAlone(sql)).Await(ctx)
			return err
		},
		"Each": func(sql string) (err error) {
			for _, err = range p.Each[string](ctx, sql) {
				if err != nil {
					break
				}
			}
			return err
		},
		"a batch": func(sql string) error {
			b := p.Batch()
			b.Query[int]("SELECT 1")
			b.Exec(notAlone(sql))
			_, err := b.Send(ctx).Await(ctx)
			return err
		},
		"a reading Tx": func(sql string) error {
			_, err := p.Tx(ctx, db.TxOptions{ReadOnly: true}, func(ctx context.Context, tx *db.Tx) (int, error) {
				return tx.One[int](ctx, notAlone(sql)).Await(ctx)
			}).Await(ctx)
			return err
		},
	}
}

// notAlone replaces what is allowed in a transaction.
func notAlone(sql string) string {
	return strings.Replace(sql, "defer_foreign_keys", "foreign_keys", 1)
}

// TestPragmasThatRead: what only reads works, on every way.
func TestPragmasThatRead(t *testing.T) {
	both(t, func(t *testing.T, p *db.Pool) {
		family(t, p)
		ctx := t.Context()
		type column struct {
			Name string
			Type string
			PK   int `db:"pk"`
		}
		columns, err := p.Query[column](ctx, "SELECT name, type, pk FROM pragma_table_info('parent')").Await(ctx)
		require.NoError(t, err)
		require.Equal(t, []column{{"id", "INTEGER", 1}, {"name", "TEXT", 0}}, columns)
		type info struct {
			CID     int `db:"cid"`
			Name    string
			Type    string
			NotNull bool    `db:"notnull"`
			Default *string `db:"dflt_value"`
			PK      int     `db:"pk"`
		}
		for range 2 {
			all, err := p.Query[info](ctx, "PRAGMA table_info(parent)").Await(ctx)
			require.NoError(t, err)
			require.Len(t, all, 2)
		}
		for sql, want := range map[string]string{
			"PRAGMA integrity_check": "ok", "PRAGMA main.quick_check(1)": "ok", "PRAGMA encoding": "UTF-8",
			"-- sees\nPRAGMA user_version": "0", "PRAGMA foreign_keys": "1",
		} {
			got, err := p.One[any](ctx, sql).Await(ctx)
			require.NoError(t, err, sql)
			require.Contains(t, []any{want, int64(0), int64(1)}, got, sql)
		}
		run(t, p, "PRAGMA user_version = 3")
		run(t, p, "CREATE TABLE v (n); PRAGMA user_version = 4; PRAGMA application_id = 9")
		require.Equal(t, int64(4), number(t, p, "PRAGMA user_version"))
		for _, sql := range []string{"PRAGMA optimize", "PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA shrink_memory", "VACUUM", "ANALYZE"} {
			run(t, p, sql)
		}
		whole(t, p)
		names, err := p.Query[string](ctx, "SELECT name FROM pragma_pragma_list").Await(ctx)
		require.NoError(t, err)
		for _, name := range names {
			_, err := p.Exec(ctx, "PRAGMA "+name).Await(ctx)
			require.NoError(t, err, "the table of PRAGMAs has them all")
		}
		whole(t, p)
	})
}

// TestDeferForeignKeys: the documented way to write rows in any order.
func TestDeferForeignKeys(t *testing.T) {
	both(t, func(t *testing.T, p *db.Pool) {
		family(t, p)
		run(t, p, "-- first\nPRAGMA defer_foreign_keys = ON; INSERT INTO child VALUES (3, 5); INSERT INTO parent VALUES (5, 'c')")
		run(t, p, "DELETE FROM child WHERE id = 3; PRAGMA defer_foreign_keys = ON; DELETE FROM parent WHERE id = 5")
		_, err := p.Tx(t.Context(), db.TxOptions{Retries: -1}, func(ctx context.Context, tx *db.Tx) (int, error) {
			for _, sql := range []string{"PRAGMA defer_foreign_keys = ON", "INSERT INTO child VALUES (3, 5)"} {
				_, err := tx.Exec(ctx, sql).Await(ctx)
				require.NoError(t, err)
			}
			return 0, nil
		}).Await(t.Context())
		require.Error(t, err, "the commit checks")
		_, err = p.Exec(t.Context(), "PRAGMA defer_foreign_keys = ON; INSERT INTO child VALUES (3, 5)").Await(t.Context())
		require.Error(t, err)
		whole(t, p)
	})
}

func TestMigrate(t *testing.T) {
	both(t, func(t *testing.T, p *db.Pool) {
		family(t, p)
		ctx := t.Context()
		run(t, p, "CREATE VIEW names AS SELECT name FROM parent; CREATE TRIGGER gone AFTER DELETE ON parent BEGIN DELETE FROM child WHERE parent = old.id; END")
		r, err := sqlite.Migrate(ctx, p, "PRAGMA legacy_alter_table = ON;"+rebuild+"INSERT INTO child VALUES (3, 1)").Await(ctx)
		require.NoError(t, err)
		require.Equal(t, int64(2), r.RowsAffected)
		run(t, p, "DELETE FROM child WHERE id = 3")
		whole(t, p)
		require.Equal(t, "a", must[string](t)(p.One[string](ctx, "SELECT name FROM names").Await(ctx)))
		_, err = p.Exec(ctx, "INSERT INTO parent VALUES (2, NULL)").Await(ctx)
		require.Equal(t, db.NotNullViolation, db.KindOf(err), "%v", err)

		for script, want := range map[string]db.Kind{
			"DELETE FROM parent":                        db.ForeignKeyViolation,
			"UPDATE child SET parent = 9 WHERE id = 2":  db.ForeignKeyViolation,
			"DELETE FROM parent; SELECT * FROM missing": db.Invalid,
			"DELETE FROM parent; COMMIT":                db.Invalid,
			"PRAGMA foreign_keys = OFF;" + rebuild:      db.Invalid,
			"PRAGMA writable_schema = ON":               db.Invalid,
			"PRAGMA recursive_triggers = ON":            db.Invalid,
		} {
			_, err = sqlite.Migrate(ctx, p, script).Await(ctx)
			require.Equal(t, want, db.KindOf(err), "%s: %v", script, err)
			whole(t, p)
		}
		_, err = sqlite.Migrate(ctx, p, "UPDATE child SET parent = 9 WHERE id = 2").Await(ctx)
		require.ErrorContains(t, err, "row 2 of child refers to a row of parent")

		cancelled, cancel := context.WithCancel(ctx)
		future := sqlite.Migrate(cancelled, p, "DELETE FROM child; "+slow+"; "+rebuild)
		require.Eventually(t, func() bool { return p.Stats().Busy > 0 }, patience, tick)
		cancel()
		_, err = future.Await(ctx)
		require.ErrorIs(t, err, context.Canceled)
		whole(t, p)

		_, err = p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
			_, err := tx.Custom(ctx, "DELETE FROM child", nil).Await(ctx)
			return 0, err
		}).Await(ctx)
		require.ErrorContains(t, err, "sqlite.Migrate")
		_, err = p.Custom(ctx, "DELETE FROM child", 1).Await(ctx)
		require.Equal(t, db.Invalid, db.KindOf(err), "%v", err)
		whole(t, p)
	})
}

// TestScriptCounts: a script reports the rows of all of its statements.
func TestScriptCounts(t *testing.T) {
	both(t, func(t *testing.T, p *db.Pool) {
		ctx := t.Context()
		r, err := p.Exec(ctx, "CREATE TABLE t (n); INSERT INTO t VALUES (1), (2); UPDATE t SET n = 'x; y'; DELETE FROM t WHERE n = 0; SELECT 1; -- done").Await(ctx)
		require.NoError(t, err)
		require.Equal(t, db.Result{RowsAffected: 4, LastInsertID: 2}, r)
		r, err = p.Exec(ctx, "UPDATE t SET n = 'a; b' -- fix; later\n; -- done").Await(ctx)
		require.NoError(t, err)
		require.Equal(t, int64(2), r.RowsAffected)
		r, err = p.Exec(ctx, "CREATE TABLE u (n); DROP TABLE u").Await(ctx)
		require.NoError(t, err)
		require.Equal(t, int64(0), r.RowsAffected)
		r, err = p.Exec(ctx, "/* as dumped */ BEGIN TRANSACTION; SELECT 1; UPDATE t SET n = 'c; d' WHERE n <> ';'; COMMIT;").Await(ctx)
		require.NoError(t, err)
		require.Equal(t, int64(2), r.RowsAffected)
		_, err = p.Exec(ctx, "BEGIN; DELETE FROM t; SELECT * FROM missing; COMMIT").Await(ctx)
		require.ErrorContains(t, err, "no such table: missing")
		_, err = p.Exec(ctx, "DELETE FROM t; INSERT INTO t VALUES ($1)").Await(ctx)
		require.ErrorContains(t, err, "no parameters")
		_, err = p.Exec(ctx, "DELETE FROM t; (").Await(ctx)
		require.Equal(t, db.Invalid, db.KindOf(err))
		_, err = p.Exec(ctx, "DELETE FROM t\x00 WHERE n = 0").Await(ctx)
		require.ErrorContains(t, err, "NUL")
		require.Equal(t, int64(2), number(t, p, "SELECT count(*) FROM t"))
	})
}
