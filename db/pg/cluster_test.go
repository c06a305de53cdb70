package pg_test

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/stretchr/testify/require"
)

// clusters are started once for all tests of the package.
var clusters pgtest.Shared

func TestMain(m *testing.M) { os.Exit(clusters.Run(m)) }

// plain returns the shared plaintext cluster.
func plain(t testing.TB) *pgtest.Cluster { return clusters.Plain(t) }

// encrypted returns the shared cluster with TLS and SCRAM.
func encrypted(t testing.TB) *pgtest.Cluster { return clusters.TLS(t) }

var schemas atomic.Int64

// open opens a pool with a schema of its own, empty.
func open(t testing.TB, c *pgtest.Cluster, cfg pg.Config) *db.Pool {
	t.Helper()
	name := fmt.Sprintf("test_%d", schemas.Add(1))
	cfg.URL = c.URL()
	admin, err := pg.Open(background(t), cfg)
	require.NoError(t, err)
	_, err = admin.Exec(background(t), "CREATE SCHEMA "+name).Await(background(t))
	require.NoError(t, err)
	require.NoError(t, admin.Close(background(t)))
	cfg.URL += "&search_path=" + name
	p, err := pg.Open(background(t), cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = p.Close(ctx)
	})
	return p
}

func background(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}
