package cache_test

import (
	"context"
	"testing"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/reactor"
)

const benchKeys = 1000

// benchCache is a cache with all its keys.
func benchCache(cfg cache.Config[int64, int]) *cache.Cache[int64, int] {
	cfg.TTL, cfg.Load = time.Hour, func(context.Context, int64) (int, error) { return 1, nil }
	c := cache.New("bench", cfg)
	for key := range int64(benchKeys) {
		c.Set(context.Background(), key, int(key), 0)
	}
	return c
}

// BenchmarkHitShared is a hit from any goroutine.
func BenchmarkHitShared(b *testing.B) {
	c, ctx, key := benchCache(cache.Config[int64, int]{}), context.Background(), int64(0)
	b.ReportAllocs()
	for b.Loop() {
		key = (key + 7) % benchKeys
		if _, err := c.Load(ctx, key); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkHitCore is a hit on a reactor that has the entry.
func BenchmarkHitCore(b *testing.B) {
	c, v := benchCache(cache.Config[int64, int]{PerCore: benchKeys * 2}), reactor.NewVirtual(1, nil)
	defer v.Close()
	ctx := async.WithSite(context.Background(), v.Reactor.Site())
	b.ReportAllocs()
	v.Do(func() {
		key := int64(0)
		for b.Loop() {
			key = (key + 7) % benchKeys
			if !c.LoadFuture(ctx, key).Ready() {
				b.Fatal("a miss")
			}
		}
	})
}

// BenchmarkHitOtter is a hit of otter, which is the store of both, and here expires entries, too.
func BenchmarkHitOtter(b *testing.B) {
	o := otter.Must(&otter.Options[int64, int]{MaximumSize: 10_000, ExpiryCalculator: otter.ExpiryWriting[int64, int](time.Hour)})
	defer o.StopAllGoroutines()
	for key := range int64(benchKeys) {
		o.Set(key, 1)
	}
	key := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		key = (key + 7) % benchKeys
		if _, ok := o.GetIfPresent(key); !ok {
			b.Fatal("a miss")
		}
	}
}
