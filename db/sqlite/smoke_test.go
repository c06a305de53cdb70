package sqlite

import (
	"context"
	"testing"

	"github.com/fasterapi/fasterapi/db"
	"github.com/stretchr/testify/require"
)

func TestSmoke(t *testing.T) {
	ctx := context.Background()
	p, err := Open(t.TempDir()+"/a.db", Config{})
	require.NoError(t, err)
	_, err = p.Exec(ctx, "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL); CREATE TABLE b(x)").Await(ctx)
	require.NoError(t, err)
	r, err := p.Exec(ctx, "INSERT INTO users(name) VALUES ($1)", "ann").Await(ctx)
	require.NoError(t, err)
	require.Equal(t, db.Result{RowsAffected: 1, LastInsertID: 1}, r)
	type user struct {
		ID   int64
		Name string
	}
	u, err := p.One[user](ctx, "SELECT id, name FROM users WHERE id = $1", 1).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, user{1, "ann"}, u)
	n := 0
	for v, err := range p.Each[int64](ctx, "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x < 1000) SELECT x FROM c") {
		require.NoError(t, err)
		n += int(v)
	}
	require.Equal(t, 500500, n)
	v, err := p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int64, error) {
		return tx.One[int64](ctx, "SELECT count(*) FROM users").Await(ctx)
	}).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, int64(1), v)
	require.NoError(t, p.Close(ctx))
}
