package sqltext_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fasterapi/fasterapi/db/internal/sqltext"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const (
	pg   = sqltext.Postgres
	lite = sqltext.SQLite
)

// both are the dialects.
var both = []sqltext.Dialect{pg, lite}

// TestStatements: where a statement ends.
func TestStatements(t *testing.T) {
	for _, test := range []struct {
		d    sqltext.Dialect
		sql  string
		want []string
	}{
		{pg, "", nil},
		{pg, " ; -- nothing\n;/* ; */", nil},
		{pg, ";;SELECT 1;;", []string{"SELECT 1"}},
		{pg, "SELECT 1; SELECT 2", []string{"SELECT 1", "SELECT 2"}},
		{pg, "-- a; b\nSELECT ';', \";\", ''; -- c", []string{"SELECT ';', \";\", ''"}},
		{pg, "/* a /* ; */ ; */ SELECT 1", []string{"SELECT 1"}},
		{lite, "/* a /* ; */ SELECT 1 /* ; */ ; SELECT 2 /* ;", []string{"SELECT 1", "SELECT 2"}},
		{pg, "SELECT 'it''s; so', 'C:\\'; SELECT 2", []string{"SELECT 'it''s; so', 'C:\\'", "SELECT 2"}},
		{pg, `SELECT E'a\';', 1; SELECT e'\\'; SELECT 3`, []string{`SELECT E'a\';', 1`, `SELECT e'\\'`, "SELECT 3"}},
		{pg, "SELECT E'a' -- b\n  '\\';' ; SELECT 2", []string{"SELECT E'a' -- b\n  '\\';'", "SELECT 2"}},
		{pg, `SELECT B'1;', x'2;', N'3;', U&'4;', U&"5;" FROM t`, []string{`SELECT B'1;', x'2;', N'3;', U&'4;', U&"5;" FROM t`}},
		{pg, "SELECT nameE'a\\'; SELECT 2", []string{"SELECT nameE'a\\'", "SELECT 2"}},
		{pg, "SELECT $$;$$, $a$ ; $$ $b$ ; $a$, $1; SELECT a$b$; SELECT $ä1$;$ä1$", []string{
			"SELECT $$;$$, $a$ ; $$ $b$ ; $a$, $1", "SELECT a$b$", "SELECT $ä1$;$ä1$",
		}},
		{pg, "SELECT 1$a$;$a$; SELECT 1.5e3$a$;$a$", []string{"SELECT 1$a$;$a$", "SELECT 1.5e3$a$;$a$"}},
		{pg, "SELECT $1$a$;$a$", []string{"SELECT $1$a$;$a$"}},
		{lite, "SELECT $1; SELECT [;], `;`, \";\"; SELECT x';'", []string{"SELECT $1", "SELECT [;], `;`, \";\"", "SELECT x';'"}},
		{lite, "SELECT $a::b(;'), 1; SELECT 2", []string{"SELECT $a::b(;'), 1", "SELECT 2"}},
		{lite, "\ufeffSELECT 1;\ufeff SELECT '\\'; SELECT 3 -- \r ;\n; SELECT 4", []string{"SELECT 1", "SELECT '\\'", "SELECT 3", "SELECT 4"}},
		{pg, "SELECT 3 -- \r ; SELECT 4", []string{"SELECT 3", "SELECT 4"}},
		{pg, "SELECT 1--;\n; SELECT 2+-- ;\n3", []string{"SELECT 1", "SELECT 2+-- ;\n3"}},
		{pg, "CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO u VALUES (1); NOTIFY x); SELECT 2", []string{
			"CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO u VALUES (1); NOTIFY x)", "SELECT 2",
		}},
		{pg, "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END; COMMIT", []string{
			"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END", "COMMIT",
		}},
		{pg, "create or replace procedure f() begin/**/atomic end; SELECT 2", []string{"create or replace procedure f() begin/**/atomic end", "SELECT 2"}},
		{pg, "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT begin atomic FROM t; END; COMMIT", []string{
			"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT begin atomic FROM t; END", "COMMIT",
		}},
		{pg, "CREATE FUNCTION begin(begin atomic) RETURNS int LANGUAGE sql AS 'SELECT 1; SELECT 2'; COMMIT", []string{
			"CREATE FUNCTION begin(begin atomic) RETURNS int LANGUAGE sql AS 'SELECT 1; SELECT 2'", "COMMIT",
		}},
		{pg, "SELECT begin atomic FROM t; COMMIT", []string{"SELECT begin atomic FROM t", "COMMIT"}},
		{lite, "CREATE TRIGGER a AFTER INSERT ON t WHEN CASE 1 WHEN 1 THEN 1 END BEGIN SELECT 1; SELECT 2; END; SELECT 3", []string{
			"CREATE TRIGGER a AFTER INSERT ON t WHEN CASE 1 WHEN 1 THEN 1 END BEGIN SELECT 1; SELECT 2; END", "SELECT 3",
		}},
		{lite, "explain query plan create temp trigger a after insert on t begin select 1; /* ; */ end /**/; commit", []string{
			"explain query plan create temp trigger a after insert on t begin select 1; /* ; */ end", "commit",
		}},
		{pg, "DO $$ BEGIN COMMIT; END $$; SELECT 1", []string{"DO $$ BEGIN COMMIT; END $$", "SELECT 1"}},
	} {
		require.Equal(t, test.want, sqltext.Split(test.d, test.sql), test.sql)
		traits := sqltext.Of(test.d, test.sql)
		require.Len(t, test.want, traits.Statements, test.sql)
		require.Equal(t, len(test.want) > 1, traits.Script(), test.sql)
	}
}

// disguises are texts around a statement that change nothing.
var disguises = []string{
	"%", ";%", " ;\n; %;", "-- x\n%", "/* t */ %", "/* a */-- b\n/* c */;%", "\t\r\n\f%", "-- BEGIN\n%-- COMMIT", "%;;", "% /* ; */ ;", "%--",
}

func disguised(sql string) (out []string) {
	for _, d := range disguises {
		out = append(out, strings.Replace(d, "%", sql, 1), strings.Replace(d, "%", strings.ToLower(sql), 1))
	}
	return out
}

// TestControl: what begins or ends a transaction, or a part of one, in any disguise,
// alone and in scripts.
func TestControl(t *testing.T) {
	common := []string{
		"BEGIN", "BEGIN TRANSACTION", "COMMIT", "COMMIT TRANSACTION", "END", "END TRANSACTION", "ROLLBACK", "ROLLBACK TRANSACTION",
		"SAVEPOINT a", "RELEASE a", "RELEASE SAVEPOINT a", "ROLLBACK TO a", "ROLLBACK TO SAVEPOINT a", "ROLLBACK TRANSACTION TO SAVEPOINT a",
	}
	control := map[sqltext.Dialect][]string{
		pg: append([]string{
			"START TRANSACTION", "START TRANSACTION READ ONLY", "BEGIN ISOLATION LEVEL SERIALIZABLE", "BEGIN WORK", "END WORK", "COMMIT WORK",
			"COMMIT AND CHAIN", "ROLLBACK AND NO CHAIN", "ABORT", "ABORT WORK", "PREPARE TRANSACTION 'a'", "PREPARE TRANSACTION $$a$$",
			"PREPARE/**/TRANSACTION E'a'", "COMMIT PREPARED 'a'", "ROLLBACK PREPARED 'a'",
		}, common...),
		lite: append([]string{"BEGIN IMMEDIATE", "BEGIN EXCLUSIVE TRANSACTION", "BEGIN DEFERRED"}, common...),
	}
	innocent := map[sqltext.Dialect][]string{
		pg: {
			"SELECT 'COMMIT'", "SELECT \"commit\" FROM t", "SELECT $$; COMMIT;$$", "SELECT 1 AS commit", "INSERT INTO begin VALUES (1)",
			"beginning", "PREPARE transaction AS SELECT 1", "PREPARE transaction (int) AS SELECT $1", "PREPARE a AS SELECT 1", "EXECUTE transaction",
			"SET TRANSACTION READ ONLY", "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "DO $$ BEGIN COMMIT; END $$", "CALL p()",
			"DEALLOCATE ALL", "EXPLAIN SELECT 1", "COMMENT ON TABLE t IS 'a'", "SELECT '\\'",
			"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END", "LOCK TABLE t", "\u017fTART TRANSACTION",
		},
		lite: {"EXPLAIN COMMIT", "EXPLAIN QUERY PLAN ROLLBACK", "SELECT [commit]", "REPLACE INTO t VALUES (1)", "ABORT", "START TRANSACTION", "PREPARE TRANSACTION 'a'"},
	}
	for _, d := range both {
		for _, sql := range control[d] {
			for _, text := range disguised(sql) {
				require.True(t, sqltext.Of(d, text).Control, text)
				require.True(t, sqltext.Of(d, "SELECT ';';"+text).Control, text)
				require.True(t, sqltext.Of(d, text+"\n;SELECT 1").Control, text)
			}
		}
		for _, sql := range innocent[d] {
			for _, text := range disguised(sql) {
				require.False(t, sqltext.Of(d, text).Control, text)
			}
		}
	}
}

// TestFramed: BEGIN and COMMIT around a script, and what is between them.
func TestFramed(t *testing.T) {
	for _, test := range []struct {
		d         sqltext.Dialect
		sql, body string
	}{
		{pg, "BEGIN; a; b; COMMIT", " a; b; "},
		{pg, "/* x */ begin work; a; -- c\n end transaction; -- d", " a; -- c\n "},
		{pg, ";START TRANSACTION;;a;;COMMIT WORK;;", ";a;;"},
		{pg, "BEGIN;COMMIT", ""},
		{lite, "BEGIN IMMEDIATE TRANSACTION; a; COMMIT TRANSACTION;", " a; "},
		{lite, "begin; create trigger a after insert on t begin select 1; end; end", " create trigger a after insert on t begin select 1; end; "},
	} {
		traits := sqltext.Of(test.d, test.sql)
		require.True(t, traits.Framed, test.sql)
		require.Equal(t, test.body, traits.Body(test.sql))
	}
	for _, sql := range []string{
		"START", "START; a; COMMIT", "START x; a; COMMIT", "BEGIN", "COMMIT", "BEGIN; a", "a; COMMIT", "a; BEGIN; b; COMMIT", "BEGIN; a; COMMIT; b", "BEGIN; a; ROLLBACK",
		"BEGIN; a; COMMIT; BEGIN; b; COMMIT", "BEGIN; SAVEPOINT s; a; COMMIT", "BEGIN READ ONLY; a; COMMIT",
		"BEGIN; a; COMMIT AND CHAIN", "BEGIN; a; COMMIT PREPARED 'x'", "(BEGIN); a; COMMIT", "COMMIT; a; BEGIN", "SELECT 1; SELECT 2",
		"BEGIN x y z; a; COMMIT", "BEGIN; a; COMMIT TRANSACTION x",
	} {
		for _, d := range both {
			traits := sqltext.Of(d, sql)
			require.False(t, traits.Framed, sql)
			require.Equal(t, sql, traits.Body(sql))
		}
	}
}

// TestVerb: the first word, and the one behind WITH, in any disguise.
func TestVerb(t *testing.T) {
	for sql, want := range map[string][2]string{
		"SELECT 1": {"select", "select"}, "((SELECT 1))": {"select", "select"}, "": {},
		"WITH a AS (SELECT 1), b (c) AS (VALUES (2)) INSERT INTO t SELECT * FROM a": {"with", "insert"},
		"WITH RECURSIVE a AS (SELECT 1) SELECT * FROM a":                            {"with", "select"},
		"VACUUM": {"vacuum", "vacuum"}, "42": {},
	} {
		for _, text := range disguised(sql) {
			for _, d := range both {
				traits := sqltext.Of(d, text)
				require.Equal(t, want, [2]string{traits.Verb, traits.Main}, text)
			}
		}
	}
}

// TestRefused: what may be sent in which call.
func TestRefused(t *testing.T) {
	exec, one := sqltext.Use{Exec: true}, sqltext.Use{}
	param, inside, item := sqltext.Use{Exec: true, Params: 1}, sqltext.Use{Exec: true, Inside: true}, sqltext.Use{Exec: true, Item: true}
	all := []sqltext.Use{exec, one, param, inside, item}
	for sql, allowed := range map[string][]sqltext.Use{
		"":                          nil,
		"SELECT ';'; -- ;":          all,
		"DELETE FROM t; SELECT 1":   {exec, inside},
		"COMMIT":                    nil,
		"BEGIN; DELETE FROM t":      nil,
		"BEGIN; SELECT 1; COMMIT":   {exec},
		"BEGIN; SELECT 1; ROLLBACK": nil,
		"SELECT 1; SAVEPOINT a":     nil,
	} {
		for _, text := range disguised(sql) {
			for _, d := range both {
				traits := sqltext.Of(d, text)
				for _, u := range all {
					require.Equal(t, slices.Contains(allowed, u), traits.Refused(u) == nil, "%q %+v", text, u)
				}
			}
		}
	}
}

// TestBackslash: where a string may end in two ways, neither of them is believed.
func TestBackslash(t *testing.T) {
	for _, sql := range []string{`SELECT 'a\'; COMMIT; --'`, `SELECT '\', '; COMMIT; SELECT 1, '\''`, `SELECT '\'', 1; COMMIT; SELECT '\''`} {
		require.True(t, sqltext.Of(pg, sql).Control, sql)
		require.True(t, sqltext.Of(pg, sql).Script(), sql)
	}
	// As only one reading of these is whole, that one counts.
	require.Equal(t, 1, sqltext.Of(pg, `UPDATE t SET path = 'C:\' WHERE id = 1`).Statements)
	require.Equal(t, 1, sqltext.Of(pg, `SELECT 'a\'; COMMIT'`).Statements)
	require.False(t, sqltext.Of(lite, `SELECT 'a\'; SELECT 1 --'`).Control)
}

// TestCopies: COPY from and to the client, not from and to files of the server.
func TestCopies(t *testing.T) {
	for sql, want := range map[string]bool{
		"COPY t FROM STDIN": true, "COPY t (a) TO stdout WITH (FORMAT csv)": true, "COPY (SELECT 1) TO STDOUT": true,
		"SELECT 1; COPY t FROM STDIN": true, "COPY BINARY t FROM STDIN": true,
		"COPY t FROM '/tmp/stdin'": false, "COPY stdin FROM '/tmp/x'": false, "COPY t (stdin) FROM PROGRAM 'cat'": false,
		"INSERT INTO copy VALUES ('from stdin')": false,
	} {
		for _, text := range disguised(sql) {
			require.Equal(t, want, sqltext.Of(pg, text).Copies, text)
		}
	}
	require.True(t, sqltext.Of(pg, "/* x */ LISTEN a").Listens)
	require.False(t, sqltext.Of(pg, "UNLISTEN a").Listens)
	require.True(t, sqltext.Of(pg, "SELECT '\x00'").Zero)
	for _, sql := range []string{"SET statement_timeout = 0", "SELECT set_config('Statement_Timeout', '0', true)", "DO $$ BEGIN SET LOCAL statement_timeout = 1; END $$"} {
		require.True(t, sqltext.Of(pg, sql).Timeout, sql)
		require.False(t, sqltext.Of(lite, sql).Timeout, sql)
	}
	for _, sql := range []string{"DEALLOCATE ALL", "Discard plans", "DO $$ BEGIN EXECUTE 'deallocate a'; END $$"} {
		require.True(t, sqltext.Of(pg, sql).Unprepares, sql)
		require.False(t, sqltext.Of(lite, sql).Unprepares, sql)
	}
	one := sqltext.Of(pg, "SET lock_timeout = 0; RESET ALL")
	require.False(t, one.Timeout || one.Unprepares)
}

// TestReads: what only reads, so that nothing of it needs a commit.
func TestReads(t *testing.T) {
	for sql, want := range map[string]bool{
		"SELECT a FROM t": true, "VALUES (1)": true, "TABLE t": true, "SHOW all": true, "SELECT a FROM t FOR UPDATE": true,
		"WITH x AS (SELECT count(*) FROM t) SELECT * FROM x": true, "EXPLAIN SELECT 1": true, "SELECT 1; SELECT 2": true,
		"EXPLAIN ANALYZE INSERT INTO t VALUES (1)": false, "EXPLAIN (ANALYSE) DELETE FROM t": false,
		"WITH x AS (INSERT INTO t VALUES (1) RETURNING a) SELECT a FROM x": false, "SELECT a INTO u FROM t": false,
		"SELECT nextval('s')": false, "SELECT f(1)": false, "VALUES (f())": false, "SELECT 1; DELETE FROM t": false, "CALL p()": false,
		"INSERT INTO t VALUES (1)": false, "WITH x AS (SELECT 1 FROM t FOR NO KEY UPDATE) SELECT a FROM x": true,
	} {
		for _, text := range disguised(sql) {
			require.Equal(t, want, sqltext.Of(pg, text).Reads, text)
		}
	}
	for sql, want := range map[string]bool{
		"SELECT f(1)": true, "WITH x AS (SELECT 1) SELECT 1": true, "EXPLAIN DELETE FROM t": true, "VALUES (1)": true,
		"WITH x AS (SELECT 1) INSERT INTO t SELECT 1": false, "PRAGMA user_version": false, "REPLACE INTO t VALUES (1)": false,
	} {
		for _, text := range disguised(sql) {
			require.Equal(t, want, sqltext.Of(lite, text).Reads, text)
		}
	}
}

// TestShareable: what may share a transaction with others and run twice.
func TestShareable(t *testing.T) {
	for _, sql := range []string{
		"select a from t",
		"SELECT id, name FROM users WHERE id = $1",
		"  (SELECT count(*), max(a) FROM t) UNION ALL (SELECT 1, 2)",
		"SELECT 'nextval(''x'') for update' AS \"for\" FROM t WHERE a IN ($1, $2) -- for update",
		"SELECT /* nested /* pg_sleep(1) */ into */ coalesce(a, 0)::numeric(10, 2) FROM t",
		"SELECT t.a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a) ORDER BY lower(t.b) LIMIT $1",
		"SELECT 10 / $1::bigint",
		"-- name: Get :one\nSELECT a FROM t;",
		"/*traceparent='00-1'*/ SELECT $$nextval('s')$$",
	} {
		require.True(t, sqltext.Of(pg, sql).Shareable, sql)
		require.False(t, sqltext.Of(lite, sql).Shareable, sql)
	}
	for _, sql := range []string{
		"",
		"UPDATE t SET a = 1",
		"WITH x AS (INSERT INTO t VALUES (1) RETURNING a) SELECT a FROM x",
		"SELECT a FROM t FOR UPDATE",
		"SELECT a FROM t FOR\nNO KEY UPDATE",
		"SELECT a FROM t FOR/**/SHARE",
		"SELECT a INTO u FROM t",
		"SELECT nextval('s')",
		"SELECT NextVal ('s')",
		"SELECT nextval/* */('s')",
		"SELECT nextval -- of s\n('s')",
		"SELECT \"nextval\"('s')",
		"SELECT U&\"nextval\"('s')",
		"SELECT pg_catalog.nextval('s')",
		"SELECT mine.lower('s')",
		"SELECT mine . /* */ lower('s')",
		"SELECT a FROM t WHERE pg_try_advisory_lock(a)",
		"SELECT 1 FROM (SELECT pg_notify('c', '')) AS x",
		"SELECT set_config('a.b', $1, true)",
		"SELECT currval('s'), pg_sleep(1)",
		"SELECT * FROM my_function($1)",
		"SELECT größe(1)",
		"SELECT E'\\' , nextval(''s'') ', nextval('s')",
		"SELECT $$ ' $$, nextval('s'), $$ ' $$",
		"SELECT dblink_exec('INSERT INTO t VALUES (1)')",
		"SELECT 1; SELECT 2",
		`SELECT '\' || nextval('s'), '\'`,
		`SELECT '\'', nextval(1), '\''`,
	} {
		require.False(t, sqltext.Of(pg, sql).Shareable, sql)
	}
}

func TestRepeatable(t *testing.T) {
	for sql, want := range map[string]bool{
		"select 1": true, "INSERT INTO t VALUES (1)": true, "WITH x AS (DELETE FROM t) SELECT 1": true, "DELETE FROM t; DELETE FROM u": true,
		"CALL p()": false, "DO $$ BEGIN COMMIT; END $$": false, "CREATE INDEX CONCURRENTLY i ON t (a)": false, "VACUUM": false,
		"DELETE FROM t; VACUUM": false, "BEGIN; DELETE FROM t; COMMIT": true, "BEGIN; VACUUM; COMMIT": false, "COMMIT": false, "BEGIN; DELETE FROM t": false,
	} {
		for _, text := range disguised(sql) {
			require.Equal(t, want, sqltext.Of(pg, text).Repeatable, text)
		}
	}
}

// TestDisguise: space and comments in front of, between and behind statements change
// no trait.
func TestDisguise(t *testing.T) {
	pieces := []string{
		"SELECT 1", "INSERT INTO t VALUES ('a;b')", "WITH a AS (SELECT 1) DELETE FROM t", "COMMIT", "CALL p()", "COPY t FROM STDIN",
		"SELECT nextval('s')", "PREPARE TRANSACTION 'x'", "LISTEN a",
	}
	blanks := []string{" ", "\n", "/**/", "/* ; COMMIT; */", "-- ; COMMIT\n", "--\n", ";", ";;", "\t;\f"}
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.SampledFrom(both).Draw(t, "dialect")
		list := rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 3).Draw(t, "statements")
		around := rapid.SliceOfN(rapid.SampledFrom(blanks), 0, 4)
		dressed := ""
		for _, p := range list {
			dressed += strings.Join(around.Draw(t, "before"), "") + p + strings.Join(around.Draw(t, "behind"), "") + ";"
		}
		want, got := sqltext.Of(d, strings.Join(list, ";")), sqltext.Of(d, dressed)
		require.Equal(t, list, sqltext.Split(d, dressed))
		require.Equal(t, sqltext.Comparable(want), sqltext.Comparable(got), dressed)
	})
}

// FuzzOf: no text makes the reader stop, read on for ever, or tell what cannot be.
func FuzzOf(f *testing.F) {
	f.Add("SELECT 'a''b', \"c\", $1, /* /* */ d(e) -- f")
	f.Add("BEGIN; CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT E'\\'' $a$ $a$; END; COMMIT")
	f.Add("create trigger a after insert on t begin select [a], `b`, $c::d(e); end;")
	f.Fuzz(func(t *testing.T, sql string) {
		for _, d := range both {
			list := sqltext.Split(d, sql)
			traits := sqltext.Of(d, sql)
			for _, st := range list {
				require.NotEmpty(t, st)
				require.Contains(t, sql, st)
			}
			if traits.Framed {
				require.True(t, traits.Control)
				require.Contains(t, sql, traits.Body(sql))
				require.False(t, sqltext.Of(d, traits.Body(sql)).Control, sql)
			}
			if traits.Shareable {
				require.Equal(t, "select", traits.Verb)
				require.True(t, traits.Reads && traits.Repeatable && !traits.Control && traits.Statements == 1)
			}
		}
		require.False(t, sqltext.Of(pg, "SELECT nextval('s'), "+sql).Shareable)
	})
}
