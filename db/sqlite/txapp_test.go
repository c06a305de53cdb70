package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/dbtest"
	"github.com/fasterapi/fasterapi/internal/test/txapp"
)

// TestRequests: apps whose requests are transactions.
func TestRequests(t *testing.T) {
	txapp.Run(t, txapp.Database{Slow: slow, Open: func(t testing.TB) *db.Pool {
		return open(t, filepath.Join(t.TempDir(), "test.db"), dbtest.Limits{Connections: 4})
	}})
}
