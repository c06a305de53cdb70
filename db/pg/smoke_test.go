package pg_test

import (
	"testing"

	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/stretchr/testify/require"
)

func TestSmoke(t *testing.T) {
	p := open(t, plain(t), pg.Config{})
	ctx := background(t)
	n, err := p.One[int64](ctx, "SELECT $1::bigint + 1", 41).Await(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 42, n)
	_, err = p.Exec(ctx, "CREATE TABLE t (id bigint, name text)").Await(ctx)
	require.NoError(t, err)
	r, err := p.Exec(ctx, "INSERT INTO t VALUES (1, $1)", "ann").Await(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 1, r.RowsAffected)
}
