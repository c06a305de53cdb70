package reference

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// results reads bench/RESULTS.md.
type results struct{ lines []string }

func readResults(t *testing.T) results {
	t.Helper()
	text, err := os.ReadFile(root + "/bench/RESULTS.md")
	require.NoError(t, err)
	return results{strings.Split(string(text), "\n")}
}

// cell returns a cell of the table below a heading: that of the row and the column
// which begin with these words, "" when the table has no such row.
func (r results) cell(t *testing.T, heading, line, column string) string {
	t.Helper()
	inside, at := false, -1
	for _, text := range r.lines {
		cells := strings.Split(text, "|")
		switch {
		case strings.HasPrefix(text, "#"):
			inside, at = text == "### "+heading || text == "## "+heading, -1
		case !inside || len(cells) < 4:
		case at < 0:
			for i, name := range cells {
				if strings.HasPrefix(strings.TrimSpace(name), column) {
					at = i
				}
			}
			require.Positive(t, at, "%s: no column %s", heading, column)
		case strings.TrimSpace(strings.ReplaceAll(cells[1], "**", "")) == line:
			return strings.TrimSpace(cells[at])
		}
	}
	return ""
}

// source is the command and the day of a section.
func (r results) source(t *testing.T, mark string) string {
	t.Helper()
	inside := false
	for _, text := range r.lines {
		inside = inside || text == "<!-- begin "+mark+" -->"
		if inside && strings.HasPrefix(text, "`make ") {
			command, rest, _ := strings.Cut(text, ", ")
			return command + ", " + rest[:len("2006-01-02")]
		}
	}
	require.Fail(t, "no section "+mark)
	return ""
}

func styleTable(t *testing.T) string {
	r := readResults(t)
	var b strings.Builder
	b.WriteString(head("CPU of the server per request, µs", "chain", "on the reactor", "goroutine", "beside", "source"))
	for _, line := range []struct{ heading, what, peer, mark string }{
		{"plaintext", "`Hello, World!`", "net/http", "floor"},
		{"user", "a path parameter in, JSON out", "net/http", "floor"},
		{"user-post", "a JSON body, checked; JSON out", "gin", "typed"},
		{"db", "one row of Postgres, as JSON", "fiber + pgxpool, 8 connections", "pg"},
		{"fortunes", "13 rows through html/template", "fiber + pgxpool, 8 connections", "pg"},
	} {
		cpu := func(server string) string { return r.cell(t, line.heading, server, "CPU µs") }
		reactor := cpu("FasterAPI, reactor")
		if reactor == "" {
			reactor = "not measured"
		}
		for _, server := range []string{"FasterAPI, chain", "FasterAPI, goroutine", line.peer} {
			require.NotEmpty(t, cpu(server), "%s: %s", line.heading, server)
		}
		b.WriteString(row(line.what, cpu("FasterAPI, chain"), reactor, cpu("FasterAPI, goroutine"), line.peer+": "+cpu(line.peer), r.source(t, line.mark)))
	}
	return b.String()
}

func waitTable(t *testing.T) string {
	r := readResults(t)
	var b strings.Builder
	b.WriteString(head("one step", "ns", "allocations"))
	for _, what := range []string{
		"`Then` on a ready future",
		"`Then` on a pending future, with its continuation",
		"`Await` in a coroutine of the reactor, from call to return",
		"`Await` on a goroutine, promise and both switches included",
	} {
		ns, allocations := r.cell(t, "Parts", what, "ns"), r.cell(t, "Parts", what, "allocations")
		require.NotEmpty(t, ns, what)
		b.WriteString(row(what, ns, allocations))
	}
	return b.String()
}
