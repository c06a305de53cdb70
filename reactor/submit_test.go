package reactor

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
)

func TestSubmitToRunsOnItsCore(t *testing.T) {
	g := start(t, Config{Cores: 3})
	ctx := context.Background()
	for core := range 3 {
		got, err := g.SubmitTo(ctx, core, func() (string, error) { return goid(), nil }).Await(ctx)
		require.NoError(t, err)
		var want string
		on(t, g.Reactor(core), func() { want = goid() })
		require.Equal(t, want, got)
	}
}

func TestSubmitToComesBackToTheCaller(t *testing.T) {
	g := start(t, Config{Cores: 2})
	home := g.Reactor(0)
	where := make(chan string, 1)
	var own string
	on(t, home, func() {
		own = goid()
		ctx := async.WithSite(context.Background(), home.Site())
		g.SubmitTo(ctx, 1, func() (int, error) { return 7, nil }).OnDone(func(v int, err error) {
			where <- goid()
		})
		f := g.SubmitTo(ctx, 0, func() (string, error) { return goid(), nil })
		v, err, ready := f.Result()
		require.True(t, ready, "its own core is a direct call")
		require.NoError(t, err)
		require.Equal(t, own, v)
	})
	require.Equal(t, own, wait(t, where))
}

func TestSubmitToFails(t *testing.T) {
	g := start(t, Config{Cores: 2})
	ctx := context.Background()
	boom := errors.New("boom")
	_, err := g.SubmitTo(ctx, 1, func() (int, error) { return 0, boom }).Await(ctx)
	require.ErrorIs(t, err, boom)
	_, err = g.SubmitTo(ctx, 1, func() (int, error) { panic(boom) }).Await(ctx)
	var p *async.PanicError
	require.ErrorAs(t, err, &p)
	require.ErrorIs(t, err, boom)
	require.Contains(t, string(p.Stack), "TestSubmitToFails")
	_, err = g.SubmitTo(ctx, 1, func() (int, error) { runtime.Goexit(); return 0, nil }).Await(ctx)
	require.ErrorIs(t, err, async.ErrGoexit)
	for _, core := range []int{-1, 2} {
		_, err = g.SubmitTo(ctx, core, func() (int, error) { return 0, nil }).Await(ctx)
		require.Error(t, err)
	}
	require.NoError(t, g.Stop(ctx))
	_, err = g.SubmitTo(ctx, 1, func() (int, error) { return 0, nil }).Await(ctx)
	require.ErrorIs(t, err, ErrStopped)
}

func TestCancelledSubmissionDoesNotStart(t *testing.T) {
	g := start(t, Config{Cores: 1})
	ctx := context.Background()
	hold := make(chan struct{})
	require.True(t, g.Reactor(0).Post(async.TaskFunc(func() { <-hold })))
	ran := false
	f := g.SubmitTo(ctx, 0, func() (int, error) { ran = true; return 0, nil })
	f.Cancel()
	close(hold)
	on(t, g.Reactor(0), func() { require.False(t, ran) })
}

type tally struct {
	core int
	n    int
}

func TestSharded(t *testing.T) {
	g := start(t, Config{Cores: 3})
	ctx := context.Background()
	s, err := NewSharded(g, func(r *Reactor) (*tally, error) { return &tally{core: r.Core()}, nil })
	require.NoError(t, err)
	for core := range 3 {
		for range core + 1 {
			_, err := s.InvokeOn(ctx, core, func(v *tally) (int, error) { v.n++; return v.n, nil }).Await(ctx)
			require.NoError(t, err)
		}
	}
	_, err = s.InvokeAll(ctx, func(v *tally) error { v.n *= 10; return nil }).Await(ctx)
	require.NoError(t, err)
	got, err := s.MapReduce(ctx,
		func(v *tally) (int, error) { return v.n, nil },
		nil, func(all []int, n int) []int { return append(all, n) }).Await(ctx)
	require.NoError(t, err)
	require.Equal(t, []int{10, 20, 30}, got)

	_, ok := s.Local(ctx)
	require.False(t, ok)
	on(t, g.Reactor(2), func() {
		v, ok := s.Local(async.WithSite(ctx, g.Reactor(2).Site()))
		require.True(t, ok)
		require.Equal(t, 2, v.core)
		_, ok = s.Local(async.WithSite(ctx, async.Site{Scheduler: g.Reactor(2)}))
		require.False(t, ok, "a goroutine may not touch it")
	})
	other := start(t, Config{Cores: 1}).Reactor(0)
	_, ok = s.Local(async.WithSite(ctx, other.Site()))
	require.False(t, ok, "another group's reactor has no value here")
}

func TestShardedReportsEveryCore(t *testing.T) {
	g := start(t, Config{Cores: 2})
	_, err := NewSharded(g, func(r *Reactor) (int, error) {
		return 0, errors.New("no disk")
	})
	require.ErrorContains(t, err, "core 0: no disk")
	require.ErrorContains(t, err, "core 1: no disk")
}
