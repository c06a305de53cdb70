package fasterapi_test

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
// row links to, and every row has an example or says that the topic is not there yet.
func TestParityTable(t *testing.T) {
	text, err := os.ReadFile("docs/fastapi-parity.md")
	require.NoError(t, err)
	names := 0
	for line := range strings.SplitSeq(string(text), "\n") {
		var code strings.Builder
		for _, link := range parityLink.FindAllStringSubmatch(line, -1) {
			source, err := os.ReadFile(filepath.FromSlash(link[1]))
			require.NoError(t, err, line)
			code.Write(source)
		}
		for _, name := range parityName.FindAllStringSubmatch(examplesOf(line), -1) {
			names++
			require.True(t, strings.Contains(code.String(), "func "+name[1]+"("), "no function %s: %s", name[1], line)
		}
		cells := strings.Split(line, "|")
		if len(cells) != 6 || strings.HasPrefix(line, "| FastAPI") {
			continue
		}
		promised := strings.TrimSpace(cells[3]+cells[4]) != "" || strings.Contains(strings.ToLower(cells[2]), "**not yet**")
		require.True(t, promised || strings.Contains(cells[2], "encoding/json/v2"), "neither example nor test: %s", line)
	}
	require.Greater(t, names, 100)
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
