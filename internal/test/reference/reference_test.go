package reference

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the generated tables of docs")

const root = "../../.."

// tables are the makers of the generated tables, by the name in their mark.
var tables = map[string]func(t *testing.T) string{
	"checks":         checkTable,
	"formats":        formatTable,
	"mistakes":       mistakeTable,
	"styles":         styleTable,
	"waiting":        waitTable,
	"configuration":  configTables,
	"patterns":       patternTable,
	"wrong-patterns": wrongPatternTable,

	"cache-life":        cacheLifeTable,
	"cache-errors":      cacheErrorTable,
	"cache-stats":       statsTable("cache", "Stats"),
	"cache-redis-stats": statsTable("cache", "StoreStats"),
}

var generated = regexp.MustCompile(`(?s)(<!-- generated: ([\w-]+) -->\n).*?(<!-- end generated -->)`)

// TestGenerated: each table of the reference is what its maker writes today, and no
// maker is left without a page.
func TestGenerated(t *testing.T) {
	names, err := filepath.Glob(root + "/docs/*/*.md")
	require.NoError(t, err)
	used := map[string]bool{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		now := generated.ReplaceAllStringFunc(string(text), func(old string) string {
			m := generated.FindStringSubmatch(old)
			maker := tables[m[2]]
			require.NotNil(t, maker, "%s: nothing makes the table %s", name, m[2])
			used[m[2]] = true
			return m[1] + maker(t) + m[3]
		})
		if *update && now != string(text) {
			require.NoError(t, os.WriteFile(name, []byte(now), 0o644))
			continue
		}
		require.Equal(t, now, string(text), "%s is stale: go test ./internal/test/reference -update", name)
	}
	for name := range tables {
		require.True(t, used[name], "no page has the table %s", name)
	}
}

// row is one line of a table.
func row(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |\n" }

// head is the head of a table.
func head(cells ...string) string {
	return row(cells...) + "|" + strings.Repeat("---|", len(cells)) + "\n"
}

// code is text as code within a table, where a bar ends the cell.
func code(text string) string {
	text = strings.ReplaceAll(text, "|", `\|`)
	if strings.Contains(text, "`") {
		return "`` " + text + " ``"
	}
	return "`" + text + "`"
}
