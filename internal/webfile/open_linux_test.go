package webfile_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/webfile"
)

// TestPipesAreNotOpened: opening one would wait for somebody to write.
func TestPipesAreNotOpened(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	_, _, err := webfile.Open(os.DirFS(dir), "pipe")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, _, err = webfile.OpenPath(filepath.Join(dir, "pipe"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.Error(t, webfile.Check(os.DirFS(dir), "pipe"))
}
