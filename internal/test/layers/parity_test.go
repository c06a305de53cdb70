package layers

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	parityName = regexp.MustCompile("`((?:Example|Test)[A-Za-z0-9_]*)`")
	parityLink = regexp.MustCompile(`\]\(\.\./([^)#]+)\)`)
)

// TestParityTable: every name in docs/fastapi-parity.md is a function of a file that its
// row links to, and every row has an example and a test or says that the topic is not
// there yet.
func TestParityTable(t *testing.T) {
	text, err := os.ReadFile(root + "/docs/fastapi-parity.md")
	require.NoError(t, err)
	names, rows := 0, 0
	for line := range strings.SplitSeq(string(text), "\n") {
		var code strings.Builder
		for _, link := range parityLink.FindAllStringSubmatch(line, -1) {
			source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(link[1])))
			require.NoError(t, err, line)
			code.Write(source)
		}
		for _, name := range parityName.FindAllStringSubmatch(examplesOf(line), -1) {
			names++
			require.True(t, strings.Contains(code.String(), "func "+name[1]+"("), "no function %s: %s", name[1], line)
		}
		cells := strings.Split(line, "|")
		if len(cells) != 6 || strings.HasPrefix(line, "| FastAPI") || strings.HasPrefix(line, "|---") {
			continue
		}
		if strings.Contains(strings.ToLower(cells[2]), "**not yet**") {
			continue
		}
		require.Regexp(t, parityLink, cells[3], "no example: %s", line)
		require.Regexp(t, parityName, cells[4], "no test: %s", line)
		rows++
	}
	require.Greater(t, names, 100)
	require.Greater(t, rows, 60)
}

// examplesOf returns the columns of a row that name functions; in the second column
// `Example` is an option.
func examplesOf(line string) string {
	cells := strings.Split(line, "|")
	if len(cells) != 6 {
		return line
	}
	return cells[3] + "|" + cells[4]
}
