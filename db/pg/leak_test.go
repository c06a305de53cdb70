package pg_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/logged"
	"github.com/fasterapi/fasterapi/reactor"
	"github.com/stretchr/testify/require"
)

// journal is a log that can be read while it is written.
type journal = logged.Text

// TestLeakedTransaction: one that does nothing is named, with the place where it
// was begun and what it did last.
func TestLeakedTransaction(t *testing.T) {
	var j journal
	p := open(t, plain(t), pg.Config{LeakAfter: 10 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(&j, nil))})
	ctx := background(t)
	leaks := uint64(0)
	for leaks == 0 || !strings.Contains(j.String(), "the last one") { // a busy machine may hold one up before it has done anything
		leaks++
		_, err := p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int64, error) {
			v, err := tx.One[int64](ctx, "SELECT 5::bigint /* the last one */").Await(ctx)
			require.Eventually(t, func() bool { return strings.Count(j.String(), "is it leaked?") >= int(leaks) }, patience, 10*time.Millisecond)
			return v, err
		}).Await(ctx)
		require.NoError(t, err)
	}
	require.Contains(t, j.String(), "leak_test.go:")
	require.Equal(t, leaks, p.Stats().Leaks, "each once")
}

// TestTooMany: the log says when the server has not got the connections that all
// cores together may open, and only then.
func TestTooMany(t *testing.T) {
	var j journal
	for _, tc := range []struct{ cores, conns int }{{1, 60}, {2, 30}, {2, 60}} {
		require.Empty(t, j.String())
		p, err := pg.Open(background(t), pg.Config{
			URL: plain(t).URL(), MaxConns: tc.conns, Reactors: group(t, tc.cores), Logger: slog.New(slog.NewTextHandler(&j, nil)),
		})
		require.NoError(t, err)
		require.NoError(t, p.Close(background(t)))
	}
	require.Contains(t, j.String(), "may_open=120")
}

// TestLoggerOfReactors: a pool without a Logger of its own logs where its reactors do: an
// app's pool where the app does.
func TestLoggerOfReactors(t *testing.T) {
	var j journal
	g, err := reactor.Start(reactor.Config{Cores: 2, Logger: slog.New(slog.NewTextHandler(&j, nil))})
	require.NoError(t, err)
	p, err := pg.Open(background(t), pg.Config{URL: plain(t).URL(), MaxConns: 60})
	require.NoError(t, err)
	require.NoError(t, p.ReactorUser().(interface{ UseReactors(g *reactor.Group) error }).UseReactors(g))
	require.Contains(t, j.String(), "may_open=120")
	require.NoError(t, p.Close(background(t)))
	require.NoError(t, g.Stop(background(t)))
}
