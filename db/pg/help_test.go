package pg_test

import (
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/stretchr/testify/require"
)

const patience = 20 * time.Second

// targets are the clusters that a test runs on.
func targets(t testing.TB) map[string]*pgtest.Cluster { return clusters.Both(t) }

func exec(t testing.TB, q *db.Querier, sql string, args ...any) db.Result {
	t.Helper()
	r, err := q.Exec(background(t), sql, args...).Await(background(t))
	require.NoError(t, err, sql)
	return r
}

func one[T any](t testing.TB, q *db.Querier, sql string, args ...any) T {
	t.Helper()
	v, err := q.One[T](background(t), sql, args...).Await(background(t))
	require.NoError(t, err, sql)
	return v
}

// idle waits until no connection is in use.
func idle(t testing.TB, p *db.Pool) {
	t.Helper()
	require.Eventually(t, func() bool { s := p.Stats(); return s.Busy == 0 && s.Waiting == 0 }, patience, time.Millisecond)
}
