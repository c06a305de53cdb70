package layers

import (
	"os"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// TestArchitecture: the map shows what is there, and all of it.
func TestArchitecture(t *testing.T) {
	findings, err := Map(os.DirFS(root), "docs/architecture.md", Project().Packages)
	require.NoError(t, err)
	for _, f := range findings {
		t.Error(f)
	}
}

// TestMapBites: what is missing on either side is found, and nothing else.
func TestMapBites(t *testing.T) {
	tree := fstest.MapFS{
		"map.md":      {Data: []byte("`a`, `b/c.go` and `Then`\n`b/gone.go`, `gone/`, `top.go`\n")},
		"a/a.go":      {},
		"b/c.go":      {},
		"left/out.go": {},
	}
	findings, err := Map(tree, "map.md", map[string]Package{"a": {}, "b/c": {}, "left": {}, ".": {}, "b/...": {}})
	require.NoError(t, err)
	var problems []string
	for _, f := range findings {
		problems = append(problems, f.Problem)
	}
	require.Equal(t, []string{"there is no b/gone.go", "there is no gone/", "there is no top.go", "package left is not on the map"}, problems)
}
