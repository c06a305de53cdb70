package sqlite_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/sqlite"
	"github.com/stretchr/testify/require"
)

// TestTooManyFiles: the error names the limit, not the folder.
func TestTooManyFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	first, err := os.Open(os.DevNull) // the lowest number that is free
	require.NoError(t, err)
	var limit syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	low := limit
	low.Cur = uint64(first.Fd())
	require.NoError(t, first.Close())
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low))
	_, err = sqlite.Open(path, sqlite.Config{})
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit))
	require.Equal(t, db.Unavailable, db.KindOf(err), "%v", err)
	require.ErrorContains(t, err, "too many open files")
	require.NotContains(t, err.Error(), "folder")
}
