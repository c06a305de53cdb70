package pg_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
)

// tenantOf is the key of the tenant in a context.
type tenantOf struct{}

func tenant(ctx context.Context) string {
	name, _ := ctx.Value(tenantOf{}).(string)
	return name
}

// hookedConfig has the hooks of docs/reference/db.md. token makes a password for a host and a user.
func hookedConfig(token func(ctx context.Context, host, user string) (string, error)) pg.Config {
	return pg.Config{
		// snippet: before-connect
		BeforeConnect: func(ctx context.Context, cfg *pgconn.Config) (err error) {
			cfg.Password, err = token(ctx, cfg.Host, cfg.User)
			return err
		},
		// end snippet
		// snippet: use-hooks
		BeforeUse: func(ctx context.Context, conn *db.Querier) error {
			_, err := conn.Exec(ctx, "SELECT set_config('app.tenant', $1, false)", tenant(ctx)).Await(ctx)
			return err
		},
		AfterUse: func(ctx context.Context, conn *db.Querier) error {
			_, err := conn.Exec(ctx, "SELECT set_config('app.tenant', '', false)").Await(ctx)
			return err
		},
		// end snippet
	}
}

// TestHooksOfTheReference: the hooks of the page give a transaction its tenant, take it
// back, and give a connection its password.
func TestHooksOfTheReference(t *testing.T) {
	var asked atomic.Int32
	cfg := hookedConfig(func(_ context.Context, host, user string) (string, error) {
		asked.Add(1)
		return host + user, nil
	})
	cfg.URL, cfg.MaxConns = clusters.Plain(t).URL(), 1
	ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), tenantOf{}, "ann"), 30*time.Second)
	defer cancel()
	pool, err := pg.Open(ctx, cfg)
	require.NoError(t, err)
	defer func() { require.NoError(t, pool.Close(context.Background())) }()
	const ask = "SELECT coalesce(current_setting('app.tenant', true), '')"
	inside, err := pool.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (string, error) {
		return tx.One[string](ctx, ask).Await(ctx)
	}).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, "ann", inside)
	outside, err := pool.One[string](ctx, ask).Await(ctx)
	require.NoError(t, err)
	require.Empty(t, outside)
	require.Positive(t, asked.Load())
}
