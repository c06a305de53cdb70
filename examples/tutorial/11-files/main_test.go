package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/internal/test/console"
)

func TestPage(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "index.html"), []byte("<h1>Books</h1>\n"), 0o600))
	console.Check(t, "docs/tutorial/11-files.md", func(cfg fasterapi.Config) *fasterapi.App {
		covers, err := os.OpenRoot(t.TempDir())
		require.NoError(t, err)
		site, err := os.OpenRoot(dir)
		require.NoError(t, err)
		return newApp(cfg, covers, site)
	})
}
