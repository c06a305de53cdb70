package hazards

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/fasterapitest"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
)

var clusters pgtest.Shared

func TestMain(m *testing.M) { os.Exit(clusters.Run(m)) }

// TestSession: what the page calls right keeps tenants apart, and leaves nothing behind.
func TestSession(t *testing.T) {
	pool, err := pg.Open(t.Context(), pg.Config{URL: clusters.Plain(t).URL(), MaxConns: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close(context.Background())) })
	for _, statement := range []string{
		"CREATE SCHEMA ann", "CREATE TABLE ann.orders (id int)", "INSERT INTO ann.orders VALUES (1), (2)",
		"CREATE SCHEMA bob", "CREATE TABLE bob.orders (id int)",
	} {
		_, err := pool.Exec(t.Context(), statement).Await(t.Context())
		require.NoError(t, err, statement)
	}
	app := fasterapi.New(fasterapi.Config{Cores: 1})
	app.Provide(pool)
	app.Get("/{tenant}/orders", orders)
	c := fasterapitest.New(t, app)
	for tenant, count := range map[string]string{"ann": "2", "bob": "0"} {
		require.Equal(t, count, strings.TrimSpace(string(c.Get("/"+tenant+"/orders").Expect(200).Body)))
	}
	path, err := pool.One[string](t.Context(), "SHOW search_path").Await(t.Context())
	require.NoError(t, err)
	require.NotContains(t, path, "ann")
	require.NotContains(t, path, "bob")
}

var _ = ordersWrong // only has to compile
