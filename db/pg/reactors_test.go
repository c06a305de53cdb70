package pg_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg"
	"github.com/fasterapi/fasterapi/internal/test/leaks"
	"github.com/fasterapi/fasterapi/reactor"
)

// mover is what an app asks of a provided pool's driver.
type mover interface {
	UseReactors(*reactor.Group) error
	LeaveReactors(context.Context, *reactor.Group) error
}

func group(t testing.TB, cores int) *reactor.Group {
	g, err := reactor.Start(reactor.Config{Cores: cores})
	require.NoError(t, err)
	t.Cleanup(func() { _ = g.Stop(context.Background()) })
	return g
}

// TestReactors takes a pool through the life of an app: used before it starts,
// bound to its reactors, and left alone when these stop.
func TestReactors(t *testing.T) {
	c := plain(t)
	defer leaks.None(t, goleak.IgnoreCurrent())
	ctx := background(t)
	p, err := pg.Open(ctx, pg.Config{URL: c.URL()})
	require.NoError(t, err)
	m := p.Driver().(mover)
	require.EqualValues(t, 1, one[int64](t, &p.Querier, "SELECT 1::bigint"))
	require.Len(t, p.Stats().Cores, 1)

	g, err := reactor.Start(reactor.Config{Cores: 2})
	require.NoError(t, err)
	// A transaction that is open while the pool moves ends where it began.
	v, err := p.Tx(ctx, db.TxOptions{}, func(ctx context.Context, tx *db.Tx) (int64, error) {
		require.NoError(t, m.UseReactors(g))
		return tx.One[int64](ctx, "SELECT 2::bigint").Await(ctx)
	}).Await(ctx)
	require.NoError(t, err)
	require.EqualValues(t, 2, v)
	require.Len(t, p.Stats().Cores, 2)
	require.Eventually(t, func() bool { return p.Stats().Idle == 2 }, patience, time.Millisecond, "a core without a connection asks the other")
	for core := range 2 {
		site := async.WithSite(ctx, async.Site{Scheduler: g.Reactor(core)})
		for range 10 {
			n, err := p.One[int64](site, "SELECT 3::bigint").Await(site)
			require.NoError(t, err)
			require.EqualValues(t, 3, n)
		}
		require.EqualValues(t, 10, p.Stats().Cores[core].Queries, "the caller's own core")
	}

	require.NoError(t, m.LeaveReactors(ctx, g))
	require.NoError(t, g.Stop(ctx))
	require.EqualValues(t, 4, one[int64](t, &p.Querier, "SELECT 4::bigint"), "on a reactor of its own again")
	require.NoError(t, p.Close(ctx))
	require.ErrorIs(t, m.UseReactors(g), db.ErrClosed)
}

// TestReactorsStopped: reactors that stop without a word are no reason to hang.
func TestReactorsStopped(t *testing.T) {
	ctx := background(t)
	g := group(t, 1)
	p, err := pg.Open(ctx, pg.Config{URL: plain(t).URL(), Reactors: g})
	require.NoError(t, err)
	require.EqualValues(t, 1, one[int64](t, &p.Querier, "SELECT 1::bigint"))
	require.NoError(t, g.Stop(ctx))
	_, err = p.One[int64](ctx, "SELECT 1::bigint").Await(ctx)
	require.ErrorIs(t, err, db.ErrClosed)
	require.NoError(t, p.Close(ctx))
}

// TestOverflow: what finds its core full goes to a neighbour that is idle.
func TestOverflow(t *testing.T) {
	ctx := background(t)
	g := group(t, 2)
	p, err := pg.Open(ctx, pg.Config{URL: plain(t).URL(), Reactors: g, MaxConns: 1, MinConns: 1})
	require.NoError(t, err)
	defer func() { _ = p.Close(ctx) }()
	require.Eventually(t, func() bool { return p.Stats().Idle == 2 }, patience, time.Millisecond)
	first := async.WithSite(ctx, async.Site{Scheduler: g.Reactor(0)})
	_, err = p.Tx(first, db.TxOptions{}, func(first context.Context, tx *db.Tx) (int64, error) {
		return p.One[int64](first, "SELECT 1::bigint").Await(first)
	}).Await(first)
	require.NoError(t, err)
	require.EqualValues(t, 1, p.Stats().Cores[1].Queries)
	require.EqualValues(t, 1, p.Stats().Cores[0].Overflows)
	require.EqualValues(t, 1, p.Stats().Overflows)
}

// TestLifetime: connections are replaced at their age under load, and nobody
// notices.
func TestLifetime(t *testing.T) {
	for name, c := range targets(t) {
		t.Run(name, func(t *testing.T) {
			p := open(t, c, pg.Config{MaxConns: 2, MaxLifetime: 100 * time.Millisecond})
			processes := map[int64]bool{}
			require.Eventually(t, func() bool {
				ctx := background(t)
				fs := make([]async.Future[int64], 20)
				for i := range fs {
					fs[i] = p.One[int64](ctx, "SELECT pg_backend_pid()::bigint")
				}
				all, err := async.WhenAll(fs...).Await(ctx)
				require.NoError(t, err)
				for _, pid := range all {
					processes[pid] = true
				}
				return len(processes) > 3
			}, patience, time.Millisecond)
			require.Zero(t, p.Stats().Broken)
			require.Zero(t, p.Stats().Errors)
		})
	}
}
