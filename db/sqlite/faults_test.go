package sqlite_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/dbtest"
	"github.com/fasterapi/fasterapi/db/sqlite"
	"github.com/stretchr/testify/require"
)

// How long tests wait for what must happen, and how often they look.
const (
	patience = 20 * time.Second
	tick     = time.Millisecond
)

func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		require.NoError(t, err)
		return v
	}
}

func run(t testing.TB, p *db.Pool, sql string, args ...any) {
	t.Helper()
	must[db.Result](t)(p.Exec(t.Context(), sql, args...).Await(t.Context()))
}

func number(t testing.TB, p *db.Pool, sql string, args ...any) int64 {
	t.Helper()
	return must[int64](t)(p.One[int64](t.Context(), sql, args...).Await(t.Context()))
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "notes.txt")
	require.NoError(t, os.WriteFile(text, []byte("this is not a database, it is a text of some length\n"), 0o600))
	for _, c := range []struct {
		path  string
		cfg   sqlite.Config
		kind  db.Kind
		words string
	}{
		{text, sqlite.Config{}, db.Corrupt, "not an SQLite database"},
		{filepath.Join(dir, "missing", "a.db"), sqlite.Config{}, db.Unavailable, "no such file or directory): does the folder exist"},
		{filepath.Join(dir, "missing.db"), sqlite.Config{ReadOnly: true}, db.Unavailable, "missing.db"},
		{dir, sqlite.Config{}, db.Unavailable, "unable to open"},
	} {
		_, err := sqlite.Open(c.path, c.cfg)
		require.Equal(t, c.kind, db.KindOf(err), "%v", err)
		require.ErrorContains(t, err, c.words)
	}
	_, err := sqlite.Open("", sqlite.Config{Readers: -1, StatementCache: 1})
	for _, field := range []string{"path", "Readers", "StatementCache"} {
		require.ErrorContains(t, err, field)
	}
}

func TestReadOnlyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	p := open(t, path, dbtest.Limits{})
	run(t, p, "CREATE TABLE t (n BIGINT); INSERT INTO t VALUES (1), (2)")
	require.NoError(t, p.Close(t.Context()))
	require.NoFileExists(t, path+"-wal", "the log is folded in")

	p, err := sqlite.Open(path, sqlite.Config{ReadOnly: true})
	require.NoError(t, err)
	require.Equal(t, int64(2), number(t, p, "SELECT count(*) FROM t"))
	_, err = p.Exec(t.Context(), "INSERT INTO t VALUES (3)").Await(t.Context())
	require.Equal(t, db.ReadOnly, db.KindOf(err), "%v", err)
	require.NoError(t, p.Close(t.Context()))
}

// TestFull: the statement that does not fit fails, its transaction is undone,
// and everything committed before stands.
func TestFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	p, err := sqlite.Open(path, sqlite.Config{Pragmas: map[string]string{"max_page_count": "60"}})
	require.NoError(t, err)
	defer p.Close(t.Context())
	run(t, p, "CREATE TABLE t (n BIGINT, filler TEXT)")
	committed := int64(0)
	for err == nil {
		_, err = p.Tx(t.Context(), db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
			_, _ = tx.Exec(ctx, "INSERT INTO t VALUES ($1, $2)", committed, make([]byte, 20_000)).Await(ctx)
			_, err := tx.Exec(ctx, "INSERT INTO t VALUES ($1, $2)", committed, make([]byte, 20_000)).Await(ctx)
			return 0, err // a first statement that failed has ended the transaction
		}).Await(t.Context())
		if err == nil {
			committed += 2
		}
		require.Less(t, committed, int64(100))
	}
	require.Contains(t, err.Error(), "full")
	require.False(t, db.SafeToRetry(err))
	require.Equal(t, committed, number(t, p, "SELECT count(*) FROM t"))
	run(t, p, "DELETE FROM t")
	run(t, p, "INSERT INTO t VALUES (1, 'fits again')")
}

func TestCorrupt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	p := open(t, path, dbtest.Limits{})
	run(t, p, "CREATE TABLE t (n BIGINT, filler TEXT)")
	for i := range 200 {
		run(t, p, "INSERT INTO t VALUES ($1, $2)", i, string(make([]byte, 500)))
	}
	require.NoError(t, p.Close(t.Context()))
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	garbage := make([]byte, 16<<10)
	for i := range garbage {
		garbage[i] = 0xA5
	}
	_, err = file.WriteAt(garbage, 8<<10) // leaves the schema readable
	require.NoError(t, err)
	require.NoError(t, file.Close())

	p = open(t, path, dbtest.Limits{})
	_, err = p.Query[string](t.Context(), "SELECT filler FROM t").Await(t.Context())
	require.Equal(t, db.Corrupt, db.KindOf(err), "%v", err)
	require.Equal(t, int64(1), number(t, p, "SELECT 1"), "the pool goes on")
}

// TestLocked plays two processes with two pools.
func TestLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	mine := open(t, path, dbtest.Limits{})
	run(t, mine, "CREATE TABLE t (n BIGINT)")
	other, err := sqlite.Open(path, sqlite.Config{BusyTimeout: 20 * time.Millisecond})
	require.NoError(t, err)
	patient := open(t, path, dbtest.Limits{})

	var waiting, cancelled interface {
		Await(context.Context) (db.Result, error)
		Ready() bool
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = mine.Tx(t.Context(), db.TxOptions{}, func(ctx2 context.Context, tx *db.Tx) (int, error) {
		_, err := tx.Exec(ctx2, "INSERT INTO t VALUES (1)").Await(ctx2)
		require.NoError(t, err)
		start := time.Now()
		_, err = other.Exec(ctx2, "INSERT INTO t VALUES (2)").Await(ctx2)
		require.Equal(t, db.Busy, db.KindOf(err), "%v", err)
		require.True(t, db.SafeToRetry(err))
		require.GreaterOrEqual(t, time.Since(start), 20*time.Millisecond)
		require.Equal(t, int64(0), number(t, other, "SELECT count(*) FROM t"), "readers do not wait")

		cancelled = patient.Exec(ctx, "INSERT INTO t VALUES (3)")
		require.Eventually(t, func() bool { return patient.Stats().Busy > 0 }, 10*time.Second, time.Millisecond)
		cancel()
		_, err = cancelled.Await(t.Context())
		require.ErrorIs(t, err, context.Canceled)
		waiting = patient.Exec(ctx2, "INSERT INTO t VALUES (4)")
		require.False(t, waiting.Ready())
		return 0, nil
	}).Await(t.Context())
	require.NoError(t, err)
	must[db.Result](t)(waiting.Await(t.Context()))
	require.Equal(t, int64(2), number(t, mine, "SELECT count(*) FROM t"))
	require.NoError(t, other.Close(t.Context()))
}

// TestRefusals: statements that would break the pool's own bookkeeping.
func TestRefusals(t *testing.T) {
	p := open(t, sqlite.Memory, dbtest.Limits{})
	run(t, p, "CREATE TABLE t (n BIGINT)")
	for sql, words := range map[string]string{
		"BEGIN":                        "Pool.Tx",
		"/* now */ ; COMMIT":           "closure",
		"EXPLAIN ROLLBACK":             "closure",
		"SAVEPOINT a":                  "Tx.Savepoint",
		"SELECT 1; RELEASE a":          "Tx.Savepoint",
		"DELETE FROM t; END":           "closure",
		"BEGIN; SELECT 1; ROLLBACK":    "closure",
		"":                             "empty",
		"-- nothing":                   "empty",
		"SELECT :name":                 "$1",
		"SELECT ?2":                    "2 parameters",
		"INSERT INTO t VALUES ($1); x": "", // several statements, with parameters
	} {
		args := []any{}
		if words == "" {
			args = []any{1}
		}
		_, err := p.Exec(t.Context(), sql, args...).Await(t.Context())
		require.Equal(t, db.Invalid, db.KindOf(err), "%s: %v", sql, err)
		require.ErrorContains(t, err, words)
	}
	_, err := p.Exec(t.Context(), "INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); INSERT INTO missing VALUES (3)").Await(t.Context())
	require.ErrorContains(t, err, "missing")
	require.Equal(t, int64(0), number(t, p, "SELECT count(*) FROM t"), "a script is all or nothing")
	_, err = p.Tx(t.Context(), db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int, error) {
		_, err := tx.Exec(ctx, "INSERT INTO t VALUES (1)").Await(ctx)
		require.NoError(t, err)
		_, err = tx.Exec(ctx, "ROLLBACK").Await(ctx)
		return 0, err
	}).Await(t.Context())
	require.ErrorContains(t, err, "closure")
	require.Equal(t, int64(0), number(t, p, "SELECT count(*) FROM t"))
}

// TestStatementCache runs more texts than a connection keeps.
func TestStatementCache(t *testing.T) {
	p, err := sqlite.Open(sqlite.Memory, sqlite.Config{StatementCache: 8})
	require.NoError(t, err)
	defer p.Close(t.Context())
	for range 3 {
		for i := range 20 {
			sql := "SELECT " + string(rune('0'+i%10)) + " + " + string(rune('0'+i/10))
			require.Equal(t, int64(i%10+i/10), number(t, p, sql))
		}
	}
}
