package sqlite_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/stretchr/testify/require"
)

// inCode finds what stands in backticks.
var inCode = regexp.MustCompile("`([^`]+)`")

// codeOf returns what stands in backticks in a text.
func codeOf(text string) []string {
	var out []string
	for _, m := range inCode.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

// TestReference runs the statements of docs/reference/db-sqlite.md.
func TestReference(t *testing.T) {
	page := string(must[[]byte](t)(os.ReadFile("../../docs/reference/db-sqlite.md")))
	both(t, func(t *testing.T, p *db.Pool) {
		run(t, p, "CREATE TABLE t (n); CREATE TABLE events (at TIMESTAMP, day DATE)")
		t.Run("refused", func(t *testing.T) { testRefused(t, p, page) })
		t.Run("allowed", func(t *testing.T) { testAllowed(t, p, page) })
		t.Run("times", func(t *testing.T) { testTimePage(t, p, page) })
		t.Run("earlier versions", func(t *testing.T) { testEarlier(t, p, page) })
	})
}

// between returns what stands between two headings or the like.
func between(t *testing.T, page, from, to string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, from)
	require.True(t, ok, from)
	part, _, ok := strings.Cut(rest, to)
	require.True(t, ok, to)
	return part
}

func testRefused(t *testing.T, p *db.Pool, page string) {
	rows := 0
	for line := range strings.SplitSeq(between(t, page, "| statement |", "What only reads"), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !strings.Contains(cells[1], "`") {
			continue
		}
		rows++
		for _, sql := range codeOf(cells[1]) {
			_, err := p.Exec(t.Context(), sql).Await(t.Context())
			require.Equal(t, db.Invalid, db.KindOf(err), "%s: %v", sql, err)
			if ways := codeOf(cells[3]); len(ways) > 0 {
				require.ErrorContains(t, err, ways[0], sql)
			}
		}
	}
	require.Equal(t, 14, rows)
}

func testAllowed(t *testing.T, p *db.Pool, page string) {
	allowed := codeOf(between(t, page, "What only reads is allowed", "After each call"))
	require.Len(t, allowed, 10)
	for _, sql := range allowed {
		run(t, p, sql)
	}
}

func testTimePage(t *testing.T, p *db.Pool, page string) {
	lines := strings.Split(strings.TrimSpace(between(t, page, "These are 1:\n\n```sql\n", "```")), "\n")
	require.Len(t, lines, 4)
	for _, sql := range lines {
		require.Equal(t, int64(1), number(t, p, sql), sql)
	}
	noon := time.Date(2024, 2, 29, 14, 0, 0, 0, time.FixedZone("", 7200))
	forms := codeOf(between(t, page, "| is stored as |", "*Directly beside*"))
	for i, at := range []time.Time{noon, noon.Add(time.Millisecond), noon.Add(time.Microsecond), noon.Add(time.Nanosecond)} {
		require.Equal(t, forms[i], must[string](t)(p.One[string](t.Context(), "SELECT $1", at).Await(t.Context())))
	}
	require.Equal(t, []string{"DATE", "2024-02-29", "2024-02-29 00:00:00"}, forms[4:])
	midnight := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
	require.Equal(t, forms[5], must[string](t)(p.One[string](t.Context(), "INSERT INTO events (day) VALUES ($1) RETURNING day", midnight).Await(t.Context())))
	require.Equal(t, forms[6], must[string](t)(p.One[string](t.Context(), "UPDATE events SET at = $1 RETURNING at", midnight).Await(t.Context())))
	run(t, p, "DELETE FROM events")
}

// testEarlier migrates what earlier versions wrote.
func testEarlier(t *testing.T, p *db.Pool, page string) {
	base := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	times := []time.Time{base, base.Add(500 * time.Millisecond), base.Add(10 * time.Microsecond), base.Add(1), base.Add(12 * time.Hour)}
	for _, at := range times {
		old := at.Format("2006-01-02 15:04:05.000000000Z07:00")
		run(t, p, "INSERT INTO events VALUES ($1, $2)", old, old)
		require.True(t, at.Equal(must[time.Time](t)(p.One[time.Time](t.Context(), "SELECT at FROM events WHERE at = $1", old).Await(t.Context()))), "read as before")
	}
	_, part, ok := strings.Cut(page, "### Texts of earlier versions")
	require.True(t, ok)
	first, second := between(t, part, "```sql\n", "```"), between(t, part, "behind that:\n\n```sql\n", "```")
	for range 2 { // the second time it finds nothing
		run(t, p, first)
		run(t, p, strings.NewReplacer("SET at", "SET day", "(at,", "(day,", "WHERE at", "WHERE day").Replace(first))
		run(t, p, second)
		for _, at := range times {
			require.Equal(t, int64(1), number(t, p, "SELECT count(*) FROM events WHERE at = $1 AND day = $2", at, at), "%v", at)
		}
	}
	run(t, p, "DELETE FROM events")
}
