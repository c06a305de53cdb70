package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/dbtest"
	"github.com/fasterapi/fasterapi/db/sqlite"
	"github.com/fasterapi/fasterapi/internal/test/leaks"
)

// slow counts to 10 billion: minutes.
const slow = "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 10000000000) SELECT count(*) FROM c"

func open(t testing.TB, path string, l dbtest.Limits) *db.Pool {
	p, err := sqlite.Open(path, sqlite.Config{
		Readers: l.Connections, MaxWaiting: l.Waiting, AcquireTimeout: l.AcquireTimeout,
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Close(context.Background()) })
	return p
}

func TestConformance(t *testing.T) {
	defer leaks.None(t, goleak.IgnoreCurrent())
	t.Run("file", func(t *testing.T) {
		dbtest.Run(t, dbtest.Subject{Slow: slow, Open: func(t testing.TB, l dbtest.Limits) *db.Pool {
			return open(t, filepath.Join(t.TempDir(), "test.db"), l)
		}})
	})
	t.Run("memory", func(t *testing.T) {
		dbtest.Run(t, dbtest.Subject{Slow: slow, Open: func(t testing.TB, l dbtest.Limits) *db.Pool {
			return open(t, sqlite.Memory, l)
		}})
	})
}
