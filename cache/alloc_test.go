//go:build !race

package cache_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/reactor"
)

// TestAllocations: a hit allocates nothing.
func TestAllocations(t *testing.T) {
	c, ctx := benchCache(cache.Config[int64, int]{PerCore: 100}), context.Background()
	require.Zero(t, testing.AllocsPerRun(1000, func() { _, _ = c.Load(ctx, 7) }))
	require.Zero(t, testing.AllocsPerRun(1000, func() { _, _ = c.Get(ctx, 7) }))
	load := func(context.Context) (int, error) { return 0, nil }
	require.Zero(t, testing.AllocsPerRun(1000, func() { _, _ = c.GetOrLoad(ctx, 7, load) }))
	v := reactor.NewVirtual(1, nil)
	defer v.Close()
	ctx = async.WithSite(ctx, v.Reactor.Site())
	v.Do(func() {
		if n := testing.AllocsPerRun(1000, func() { c.LoadFuture(ctx, 7) }); n != 0 {
			panic(n)
		}
	})
	square := cache.Memoize("square", 10, func(n int) (int, error) { return n * n, nil })
	require.Zero(t, testing.AllocsPerRun(1000, func() { _, _ = square(3) }))
}
