package pg_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/fasterapi/fasterapi/db/internal/sqltext"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// oracle is PostgreSQL's own parser: three connections that have texts parsed and
// run none of them.
//
// Owner: mu.
type oracle struct {
	mu       sync.Mutex
	standard *pgconn.PgConn // standard_conforming_strings is on
	escapes  *pgconn.PgConn // it is off
	aborted  *pgconn.PgConn // in a transaction that has failed
}

func newOracle(t testing.TB) *oracle {
	t.Helper()
	url := plain(t).URL()
	connect := func(sql string) *pgconn.PgConn {
		pc, err := pgconn.Connect(background(t), url)
		require.NoError(t, err)
		t.Cleanup(func() { _ = pc.Close(context.Background()) })
		_, _ = pc.Exec(background(t), sql).ReadAll()
		return pc
	}
	o := &oracle{standard: connect("SELECT 1"), escapes: connect("SET standard_conforming_strings = off"), aborted: connect("BEGIN; SELECT 1/0")}
	require.EqualValues(t, 'E', o.aborted.TxStatus())
	return o
}

// parse has the server parse sql, and returns its error.
func parse(t require.TestingT, pc *pgconn.PgConn, sql string) *pgconn.PgError {
	_, err := pc.Prepare(context.Background(), "", sql, nil)
	e, ok := errors.AsType[*pgconn.PgError](err)
	require.True(t, ok || err == nil, "%v", err)
	return e
}

// many tells whether a text can be parsed and is more than one statement: that is
// refused after it was parsed and before anybody has looked at what it means.
func many(t require.TestingT, pc *pgconn.PgConn, sql string) bool {
	e := parse(t, pc, sql)
	return e != nil && e.Routine == "exec_parse_message" && e.Code == "42601"
}

// count is how many statements the server sees: 0, 1, or 2 for more; -1 when it
// cannot parse the text.
func count(t require.TestingT, pc *pgconn.PgConn, sql string) int {
	switch {
	case !many(t, pc, sql+"\n;SELECT 1;SELECT 2"):
		return -1
	case many(t, pc, sql):
		return 2
	case many(t, pc, "SELECT 1;\n"+sql):
		return 1
	}
	return 0
}

// exits tells whether the server takes a statement for one that ends a transaction
// or goes back to a savepoint: only these may be parsed after a failure.
func (o *oracle) exits(t require.TestingT, sql string) bool {
	e := parse(t, o.aborted, sql)
	return e == nil || e.Code != "25P02"
}

// check holds what sqltext reads against what the server reads. It returns whether
// the server could read it at all.
func (o *oracle) check(t require.TestingT, sql string) bool {
	if strings.IndexByte(sql, 0) >= 0 || !utf8.ValidString(sql) || len(sql) > 4<<10 {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	traits := sqltext.Of(sqltext.Postgres, sql)
	if n := count(t, o.escapes, sql); n >= 0 {
		require.GreaterOrEqual(t, min(traits.Statements, 2), n, "without standard_conforming_strings: %q", sql)
	}
	n := count(t, o.standard, sql)
	if n < 0 {
		return false
	}
	list := sqltext.Split(sqltext.Postgres, sql)
	require.Equal(t, n, min(len(list), 2), "%q", sql)
	require.GreaterOrEqual(t, traits.Statements, len(list), "%q", sql)
	for _, st := range list {
		require.Equal(t, 1, count(t, o.standard, st), "%q of %q", st, sql)
		one := sqltext.Of(sqltext.Postgres, st)
		if o.exits(t, st) {
			require.True(t, one.Control && traits.Control, "%q ends a transaction", st)
		} else if one.Control && strings.IndexByte(st, '\\') < 0 {
			two := slices.Contains([]string{"commit", "rollback"}, one.Verb) && strings.Contains(strings.ToLower(st), "prepared")
			require.True(t, two || slices.Contains([]string{"begin", "start", "savepoint", "release"}, one.Verb), "%q is no control", st)
		}
	}
	return true
}

// sqlSeeds are texts with everything in them that hides a semicolon or a keyword.
var sqlSeeds = []string{
	"", ";", "SELECT 1", "-- a;\nSELECT 1; /* /* ; */ */ SELECT ';', \";\"", "SELECT 'a'';', E'\\';', $$;$$, $a$;$$;$a$",
	"SELECT 1$a$;$a$", "SELECT $1$a$;$a$", "SELECT a$b$; SELECT $1", "SELECT E'a'\n'\\';'", "SELECT E'a'--;\n --\n'\\';' ; SELECT 2", "SELECT b'0'\n'1', N'a', U&'\\0061' UESCAPE '!'",
	"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END; COMMIT",
	"CREATE OR REPLACE PROCEDURE begin(begin atomic) BEGIN ATOMIC END; SELECT 1",
	"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT begin atomic FROM t; CREATE FUNCTION g() RETURNS int BEGIN ATOMIC END; END; ROLLBACK",
	"CREATE FUNCTION f() RETURNS int RETURN 1; COMMIT", "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC RETURN 1; END",
	"CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; DELETE FROM t;); END", "CREATE SCHEMA s CREATE TABLE t (a int); COMMIT",
	"PREPARE transaction AS SELECT 1", "PREPARE TRANSACTION 'a'", "PREPARE TRANSACTION $$a$$", "COMMIT PREPARED 'a'", "ROLLBACK TO a", "ABORT", "END WORK", "COMMIT AND CHAIN",
	"START", "START TRANSACTION READ ONLY", "DO $$ BEGIN COMMIT; END $$", "SET TRANSACTION READ ONLY", "EXPLAIN SELECT 1", "((SELECT 1))", "SELECT '\\'; COMMIT; --'",
	"SELECT '\\', '; COMMIT; SELECT 1, '\\''", "SELECT 1 AS begin, 2 AS \"end\"", "SELECT 1e5, 0x1F, 1_000, .5, 1.e3, 5-- a\n-1", "SELECT 1 */**/ 2", "SELECT 1 +-- ;\n2",
	"SELECT 1\v;\fSELECT\u00a02", "\ufeffSELECT 1", "SELECT $ä$;$ä$, $Ä1_$;$Ä1_$",
}

// sqlText makes texts of pieces that the server mostly understands.
func sqlText() *rapid.Generator[string] {
	inside := rapid.SliceOfN(rapid.SampledFrom([]string{"a", ";", "'", "''", "\"", "\\", "$", "$$", "$a$", "--", "/*", "*/", "\n", "\r", "COMMIT", " ", "E'", "(", "é"}), 0, 5)
	joined := rapid.Map(inside, func(list []string) string { return strings.Join(list, "") })
	return rapid.Custom(func(t *rapid.T) string {
		blank := func() string {
			return rapid.OneOf(rapid.SampledFrom([]string{"", " ", "\n", "\t", "\r\n", ";"}),
				rapid.Map(joined, func(s string) string { return "/*" + strings.NewReplacer("/*", "", "*/", "").Replace(s) + "*/" }),
				rapid.Map(joined, func(s string) string { return "--" + strings.NewReplacer("\n", "", "\r", "").Replace(s) + "\n" }),
			).Draw(t, "blank")
		}
		value := func() string {
			s := joined.Draw(t, "inside")
			switch rapid.IntRange(0, 8).Draw(t, "value") {
			case 0:
				return "'" + strings.ReplaceAll(s, "'", "''") + "'"
			case 1:
				return "E'" + strings.NewReplacer("\\", "\\\\", "'", rapid.SampledFrom([]string{"\\'", "''"}).Draw(t, "quote")).Replace(s) + "'"
			case 2:
				return "$q$" + s + "$q$"
			case 3:
				return "1 AS \"x" + strings.ReplaceAll(s, "\"", "\"\"") + "\""
			case 4:
				return "E'a'\n" + blank() + "\n'" + strings.NewReplacer("\\", "\\\\", "'", "''").Replace(s) + "'"
			case 5:
				return "N'" + strings.ReplaceAll(s, "'", "''") + "'"
			case 6:
				return "1" + rapid.SampledFrom([]string{"", " AS begin", " AS atomic", "e5", ".5", "$a$;$a$"}).Draw(t, "number")
			case 7:
				return "(SELECT " + "'" + strings.ReplaceAll(s, "'", "''") + "')"
			}
			return "$1" + rapid.SampledFrom([]string{"", "$a$;$a$"}).Draw(t, "parameter")
		}
		out := ""
		for range rapid.IntRange(0, 3).Draw(t, "statements") {
			out += blank()
			switch rapid.IntRange(0, 4).Draw(t, "statement") {
			case 0:
				out += rapid.SampledFrom(sqlSeeds).Draw(t, "seed")
			case 1:
				out += "CREATE FUNCTION f() RETURNS int " + blank() + " BEGIN " + blank() + " ATOMIC SELECT " + value() + "; SELECT CASE WHEN true THEN 1 END;" + blank() + "END"
			default:
				out += "SELECT " + blank() + value() + blank() + ", " + value()
			}
			out += blank() + ";"
		}
		if at := rapid.IntRange(-len(out), len(out)).Draw(t, "cut"); at > 0 {
			out = out[:at-1] + out[at:] // one byte less
		}
		return out
	})
}

// TestParser: sqltext reads texts as PostgreSQL does.
func TestParser(t *testing.T) {
	o := newOracle(t)
	for _, sql := range sqlSeeds {
		o.check(t, sql)
	}
	tried, read := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		tried++
		if o.check(t, sqlText().Draw(t, "sql")) {
			read++
		}
	})
	require.Greater(t, read, tried/4, "most texts are none that the server can read, so nothing is compared")
}

// FuzzParser is TestParser for any text.
func FuzzParser(f *testing.F) {
	o := newOracle(f)
	for _, sql := range sqlSeeds {
		f.Add(sql)
	}
	f.Fuzz(func(t *testing.T, sql string) { o.check(t, sql) })
}
