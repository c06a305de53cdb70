package cache

import (
	"context"
	"math"

	"github.com/fasterapi/fasterapi/async"
)

// Memoize returns fn with a memory of the last results in use, at most size of them, which do not expire: the lru_cache of
// Python. Calls with the same key at the same time share one call of fn, which runs in the first caller;
// the others wait. Errors are not remembered. A panic of fn is an *async.PanicError for all of them.
//
//	var slug = cache.Memoize("slugs", 1000, makeSlug)
//
// It is for computations: fn gets no context. What waits for others belongs into a [Cache]. It panics when size is not positive.
func Memoize[K comparable, V any](name string, size int, fn func(K) (V, error)) func(K) (V, error) {
	c := New(name, Config[K, V]{Size: sizeOf(size), TTL: Forever, NegativeTTL: -1, Negative: func(error) bool { return false }})
	if c.wrong != nil {
		panic(c.wrong)
	}
	c.cfg.Loads = math.MaxInt // each runs in who asks, and may ask for others itself: there are no more than callers
	return func(key K) (V, error) {
		ctx := context.Background()
		if e, _ := c.find(ctx, key); e != nil {
			return e.value, e.err
		}
		c.counts.misses.Add(1)
		return c.join(ctx, key, nil, loader[V]{future: func(context.Context) async.Future[V] {
			return async.Of(fn(key))
		}}).Await(ctx)
	}
}

// sizeOf keeps New from taking 0 for the default.
func sizeOf(size int) int {
	if size == 0 {
		return -1
	}
	return size
}
