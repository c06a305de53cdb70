package pg_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/pgtest"
	"github.com/stretchr/testify/require"
)

// TestHosts: of several hosts those are taken that answer and are what
// target_session_attrs asks for, also when a connection is made again.
func TestHosts(t *testing.T) {
	writes := plain(t)
	reads := pgtest.Start(t, pgtest.Options{Settings: []string{"default_transaction_read_only = on"}})
	hosts := func(attrs string, ports ...int) string {
		list, sep := "", ""
		for _, port := range ports {
			list += fmt.Sprintf("%s127.0.0.1:%d", sep, port)
			sep = ","
		}
		return "postgres://postgres@" + list + "/postgres?sslmode=disable&target_session_attrs=" + attrs
	}
	const nobody = 1
	port := func(p *db.Pool) int { return one[int](t, &p.Querier, "SELECT current_setting('port')::int") }
	for _, tc := range []struct {
		url  string
		want int
	}{
		{hosts("any", nobody, writes.Port()), writes.Port()},
		{hosts("any", reads.Port(), writes.Port()), reads.Port()},
		{hosts("read-write", nobody, reads.Port(), writes.Port()), writes.Port()},
		{hosts("read-only", writes.Port(), reads.Port()), reads.Port()},
		{hosts("primary", nobody, writes.Port()), writes.Port()},
		{hosts("prefer-standby", nobody, writes.Port()), writes.Port()},
	} {
		p, err := pg.Open(background(t), pg.Config{URL: tc.url, MinConns: 2, MaxConns: 2})
		require.NoError(t, err, tc.url)
		require.Equal(t, tc.want, port(p), tc.url)
		// A cancel request goes to the host of its connection.
		ctx, cancel := context.WithCancel(background(t))
		f := p.One[int64](ctx, slow)
		require.Eventually(t, func() bool { return p.Stats().Busy > 0 }, patience, time.Millisecond)
		cancel()
		_, err = f.Await(background(t))
		require.ErrorIs(t, err, context.Canceled)
		idle(t, p)
		require.NoError(t, p.Close(background(t)))
	}
	_, err := pg.Open(background(t), pg.Config{URL: hosts("read-write", reads.Port())})
	require.Equal(t, db.Unavailable, db.KindOf(err), "%v", err)

	p, err := pg.Open(background(t), pg.Config{URL: hosts("any", reads.Port(), writes.Port()), Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer func() { _ = p.Close(background(t)) }()
	require.Equal(t, reads.Port(), port(p))
	require.NoError(t, reads.Down("fast"))
	require.Eventually(t, func() bool {
		n, err := p.One[int](background(t), "SELECT current_setting('port')::int").Await(background(t))
		return err == nil && n == writes.Port()
	}, patience, time.Millisecond, "the other host takes over")
}

// TestConnectTimeout: a server that takes connections and says nothing is given
// up in time, and so it is when the caller's context ends.
func TestConnectTimeout(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // its backlog accepts
	require.NoError(t, err)
	defer l.Close()
	url := "postgres://u@" + l.Addr().String() + "/d?sslmode=disable"
	begin := time.Now()
	_, err = pg.Open(background(t), pg.Config{URL: url, ConnectTimeout: 50 * time.Millisecond})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, db.Unavailable, db.KindOf(err))
	_, err = pg.Open(background(t), pg.Config{URL: url + "&connect_timeout=1"})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	ctx, cancel := context.WithTimeout(background(t), 50*time.Millisecond)
	defer cancel()
	_, err = pg.Open(ctx, pg.Config{URL: url, ConnectTimeout: time.Hour})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(begin), 4*time.Second, "5 s is the default")
}
