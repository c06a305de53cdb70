package pg

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestHarmless: what may share a transaction with others and run twice.
func TestHarmless(t *testing.T) {
	for _, sql := range []string{
		"select a from t",
		"SELECT id, name FROM users WHERE id = $1",
		"  (SELECT count(*), max(a) FROM t) UNION ALL (SELECT 1, 2)",
		"SELECT 'nextval(''x'') for update' AS \"for\" FROM t WHERE a IN ($1, $2) -- for update",
		"SELECT /* nested /* pg_sleep(1) */ into */ coalesce(a, 0)::numeric(10, 2) FROM t",
		"SELECT t.a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a) ORDER BY lower(t.b) LIMIT $1",
		"SELECT 10 / $1::bigint",
	} {
		require.True(t, harmless(sql), sql)
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
		"SELECT pg_catalog.nextval('s')",
		"SELECT mine.lower('s')",
		"SELECT a FROM t WHERE pg_try_advisory_lock(a)",
		"SELECT 1 FROM (SELECT pg_notify('c', '')) AS x",
		"SELECT set_config('a.b', $1, true)",
		"SELECT currval('s'), pg_sleep(1)",
		"SELECT * FROM my_function($1)",
		"SELECT größe(1)",
		"SELECT E'\\' , nextval(''s'') '",
		"SELECT $$ ' $$, nextval('s'), $$ ' $$",
		"SELECT dblink_exec('INSERT INTO t VALUES (1)')",
		"SELECT 1; SELECT 2",
	} {
		require.False(t, harmless(sql), sql)
	}
}

// FuzzHarmless: no text makes the reader stop or read on for ever.
func FuzzHarmless(f *testing.F) {
	f.Add("SELECT 'a''b', \"c\", $1, /* /* */ d(e) -- f")
	f.Fuzz(func(t *testing.T, sql string) {
		require.False(t, harmless("SELECT nextval('s'), "+sql))
		harmless("SELECT " + sql)
	})
}

func TestRepeatable(t *testing.T) {
	for sql, want := range map[string]bool{
		"select 1": true, "INSERT INTO t VALUES (1)": true, "WITH x AS (DELETE FROM t) SELECT 1": true,
		"CALL p()": false, "DO $$ BEGIN COMMIT; END $$": false, "CREATE INDEX CONCURRENTLY i ON t (a)": false, "VACUUM": false,
	} {
		require.Equal(t, want, repeatable(sql), sql)
	}
	require.True(t, controls("begin") && controls("Commit;") && controls("ROLLBACK TO s"))
	require.False(t, controls("SELECT 1") || controls("beginning") || controls("INSERT INTO begin VALUES (1)"))
}
