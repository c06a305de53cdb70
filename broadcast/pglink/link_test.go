package pglink_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/broadcast"
	"github.com/fasterapi/fasterapi/broadcast/pglink"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/links"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
)

func open(t *testing.T, c *pgtest.Cluster) *db.Pool {
	t.Helper()
	pool, err := pg.Open(t.Context(), pg.Config{URL: c.URL(), MaxConns: 2})
	require.NoError(t, err)
	t.Cleanup(func() { _ = pool.Close(t.Context()) })
	_, err = pool.Exec(t.Context(), pglink.Schema).Await(t.Context())
	require.NoError(t, err)
	return pool
}

func TestLink(t *testing.T) {
	c := pgtest.Start(t, pgtest.Options{})
	admin := open(t, c)
	do := func(sql string, args ...any) {
		_, err := admin.Exec(t.Context(), sql, args...).Await(t.Context())
		require.NoError(t, err)
	}
	links.Run(t, links.Backend{
		Link:   func(t *testing.T) broadcast.Link { return pglink.New(open(t, c)) },
		Kill:   func() { require.NoError(t, c.Down("immediate")) },
		Start:  func() { require.NoError(t, c.Recover()) },
		Forget: func() { do("TRUNCATE broadcast_topics, broadcast_messages") },
		Rewind: func(topic string) {
			do("WITH t AS (UPDATE broadcast_topics SET seq = seq - 1 WHERE topic = $1 RETURNING seq) DELETE FROM broadcast_messages WHERE topic = $1 AND seq > (SELECT seq FROM t)", topic)
		},
	})
}
