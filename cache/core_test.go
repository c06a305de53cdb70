package cache_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/reactor"
)

// TestPerCore: a reactor reads entries of its own map, and an invalidation, a store and the time hold there at once,
// whoever has made them.
func TestPerCore(t *testing.T) {
	v := reactor.NewVirtual(1, nil)
	defer v.Close()
	other := v.Beside(2, nil)
	defer other.Close()
	calls := 0
	c := cache.New("cores", cache.Config[string, int]{
		TTL: time.Minute, PerCore: 10, StaleWhileRevalidate: time.Minute,
		Tags: func(string, int) []string { return []string{"tag"} },
		LoadFuture: func(context.Context, string) async.Future[int] {
			calls++
			return async.Ready(calls)
		},
	})
	on := func(v *reactor.Virtual, want int) {
		t.Helper()
		got := 0
		v.Do(func() {
			ctx := async.WithSite(context.Background(), v.Reactor.Site())
			c.LoadFuture(ctx, "key").OnDone(func(n int, _ error) { got = n })
		})
		require.Equal(t, want, got)
	}
	both := func(want int) {
		t.Helper()
		for range 20 {
			on(v, want)
			on(other, want)
		}
	}
	both(1)
	c.Invalidate(t.Context(), "key")
	both(2)
	c.InvalidateTag(t.Context(), "tag")
	both(3)
	c.Clear()
	both(4)
	on(v, 4)
	v.Do(func() { c.Set(async.WithSite(context.Background(), v.Reactor.Site()), "key", 100, 0) })
	both(100)
	v.Advance(time.Minute - time.Millisecond)
	both(100)
	v.Advance(time.Millisecond)
	on(v, 100) // stale, and the load that it begins is done at once
	both(5)
	v.Advance(2 * time.Minute)
	both(6)
	stats := c.Stats()
	require.Greater(t, stats.Hits, int64(200))
	require.EqualValues(t, 1, stats.Stale)
}

// TestPerCoreBound: a core keeps no more than it may, and what the store has let go of is a miss there too.
func TestPerCoreBound(t *testing.T) {
	v := reactor.NewVirtual(1, nil)
	defer v.Close()
	loads := 0
	c := cache.New("bound", cache.Config[int, int]{
		Size: 100, PerCore: 1000,
		LoadFuture: func(_ context.Context, key int) async.Future[int] { loads++; return async.Ready(key) },
	})
	ctx, answers, wrong := async.WithSite(context.Background(), v.Reactor.Site()), 0, 0
	for range 3 {
		for key := range 1000 {
			v.Do(func() {
				c.LoadFuture(ctx, key).OnDone(func(n int, err error) {
					if answers++; n != key || err != nil {
						wrong++
					}
				})
			})
		}
	}
	require.Equal(t, 3000, answers)
	require.Zero(t, wrong)
	require.Greater(t, loads, 2000, "the store holds 100")
}

// TestSoftTimeoutOnReactor: the timeouts are those of the caller's reactor.
func TestSoftTimeoutOnReactor(t *testing.T) {
	v := reactor.NewVirtual(1, nil)
	defer v.Close()
	ctx := async.WithSite(context.Background(), v.Reactor.Site())
	var pending async.Promise[int]
	c := cache.New("soft", cache.Config[int, int]{
		TTL: time.Minute, StaleIfError: time.Hour, SoftTimeout: time.Second, LoadTimeout: 10 * time.Second,
		LoadFuture: func(ctx context.Context, _ int) async.Future[int] {
			p, f := async.NewPromise[int](async.SiteOf(ctx).Scheduler)
			pending = p
			return f
		},
	})
	var got []string
	ask := func(key int) {
		v.Do(func() {
			c.LoadFuture(ctx, key).OnDone(func(n int, err error) { got = append(got, fmt.Sprint(n, " ", err)) })
		})
	}
	v.Do(func() { c.Set(ctx, 1, 1, 0) })
	v.Advance(time.Minute)
	ask(1)
	require.Empty(t, got)
	v.Advance(time.Second + time.Millisecond)
	require.Equal(t, []string{"1 <nil>"}, got)
	v.Do(func() { pending.Resolve(2) })
	ask(1)
	require.Equal(t, "2 <nil>", got[1])
	ask(2) // nothing old: the load may take its time
	v.Advance(9 * time.Second)
	require.Len(t, got, 2)
	v.Advance(2 * time.Second)
	require.Equal(t, "0 "+cache.ErrLoadTimeout.Error(), got[2])
	require.True(t, pending.Cancelled())
	require.Zero(t, c.Stats().Loading)
}
