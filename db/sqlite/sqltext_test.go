package sqlite

import (
	"slices"
	"strings"
	"testing"

	"github.com/fasterapi/fasterapi/db/internal/sqltext"
	"github.com/stretchr/testify/require"
	lib "modernc.org/sqlite/lib"
)

// sqlSeeds are texts with everything in them that hides a semicolon or a keyword.
var sqlSeeds = []string{
	"", ";", " ;; SELECT 1;;", "-- a;\rb;\nSELECT 1; /* /* ; */ SELECT ';', \";\", `;`, [;]", "SELECT 'a'';', '\\'; SELECT 2",
	"SELECT $1; SELECT ?1, :a, @b, #c", "SELECT $a::b(;'), 1; SELECT 2", "SELECT x'00'';'", "SELECT 1 /* ;", "SELECT 1 /*", "SELECT 1--",
	"\ufeffSELECT 1;\ufeffCOMMIT", "SELECT 1e5, 0x1F, 1_000, .5, 1.e3", "SELECT 1;\v SELECT 2", "SELECT 1 -> 2 ->> 3; SELECT 4 - -5 --;\n, 6",
	"CREATE TRIGGER a AFTER INSERT ON t WHEN CASE 1 WHEN 1 THEN 1 END BEGIN SELECT 1; SELECT 2; END; COMMIT",
	"create temp trigger a after insert on t begin select 1; /* ; */ end /**/; commit",
	"EXPLAIN QUERY PLAN CREATE TEMPORARY TRIGGER a AFTER INSERT ON t BEGIN DELETE FROM t; END; ROLLBACK",
	"CREATE TRIGGER IF NOT EXISTS end INSTEAD OF UPDATE OF a ON v FOR EACH ROW BEGIN UPDATE t SET a = 1; INSERT INTO t VALUES (1); END",
	"CREATE TABLE trigger (a); COMMIT", "CREATE TEMP TABLE trigger (a); END", "BEGIN IMMEDIATE; SAVEPOINT a; ROLLBACK TO a; RELEASE a; COMMIT TRANSACTION",
	"EXPLAIN COMMIT", "EXPLAIN QUERY PLAN BEGIN", "REPLACE INTO t VALUES (1)", "WITH a AS (SELECT 1) DELETE FROM t", "((SELECT 1))", "VALUES (1); END",
}

// controlCodes are the instructions that begin and end transactions and savepoints
// (https://www.sqlite.org/opcode.html).
var controlCodes = []string{"AutoCommit", "Savepoint"}

// codes returns the instructions of a statement, which is not run.
func codes(t *testing.T, h *handle, sql string) (list []string, ok bool) {
	stmt, _, code := h.prepare("EXPLAIN "+sql, byItself)
	if code != codeOK {
		return nil, false
	}
	defer h.finalize(stmt)
	for h.step(stmt) == codeRow {
		list = append(list, string(h.columnText(stmt, 1)))
	}
	return list, true
}

// checkText holds what sqltext reads against what SQLite's compiler reads.
func checkText(t *testing.T, h *handle, sql string) {
	if strings.IndexByte(sql, 0) >= 0 {
		return
	}
	list := sqltext.Split(sqltext.SQLite, sql)
	traits := sqltext.Of(sqltext.SQLite, sql)
	require.Equal(t, len(list), traits.Statements)
	rest := sql
	for i := 0; ; i++ {
		if i < len(list) && sqltext.Of(sqltext.SQLite, list[i]).Verb == "pragma" {
			return // it may run while it is compiled
		}
		stmt, tail, code := h.prepare(rest, byItself)
		if code != codeOK {
			return // wrong from here on
		}
		if stmt == 0 {
			require.Equal(t, len(list), i, "%q", sql)
			return
		}
		h.finalize(stmt)
		require.Less(t, i, len(list), "%q", sql)
		require.Equal(t, []string{list[i]}, sqltext.Split(sqltext.SQLite, rest[:len(rest)-len(tail)]), "%q", sql)
		one := sqltext.Of(sqltext.SQLite, list[i])
		if seen, ok := codes(t, h, list[i]); ok && one.Verb != "explain" {
			controls := slices.ContainsFunc(seen, func(code string) bool { return slices.Contains(controlCodes, code) })
			require.Equal(t, controls, one.Control, "%q of %q: %v", list[i], sql, seen)
			require.True(t, traits.Control || !controls, "%q", sql)
		}
		rest = tail
	}
}

func newHandle(t testing.TB) *handle {
	var h handle
	code, message := h.open(Memory, false)
	require.EqualValues(t, codeOK, code, message)
	t.Cleanup(func() { require.EqualValues(t, codeOK, h.close()) })
	for _, sql := range []string{"CREATE TABLE t (a)", "CREATE VIEW v AS SELECT a FROM t"} {
		stmt, _, code := h.prepare(sql, byItself)
		require.EqualValues(t, codeOK, code)
		require.EqualValues(t, lib.SQLITE_DONE, h.step(stmt))
		h.finalize(stmt)
	}
	return &h
}

// FuzzCompiler: sqltext reads texts as SQLite does.
func FuzzCompiler(f *testing.F) {
	h := newHandle(f)
	for _, sql := range sqlSeeds {
		f.Add(sql)
		f.Add("BEGIN;" + sql + ";COMMIT")
	}
	f.Fuzz(func(t *testing.T, sql string) { checkText(t, h, sql) })
}
