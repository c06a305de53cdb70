package redis_test

import (
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fasterapi/fasterapi/cache/redis"
	"github.com/fasterapi/fasterapi/internal/test/leaks"
	"github.com/fasterapi/fasterapi/internal/test/redistest"
	"github.com/fasterapi/fasterapi/resilience"
)

// TestRedisFaults: with a Redis that is killed and started again, full, slow, silent, cut off, or answers nonsense, two processes have values all the
// same, never that of another key, and who has changed one never gets what was before. When Redis is well they share again, both have what is
// newest, and nothing is left behind.
func TestRedisFaults(t *testing.T) {
	current := goleak.IgnoreCurrent()
	t.Cleanup(func() { leaks.None(t, current) })
	srv := startServer(t)
	tr := &truth{}
	var stores [2]*redis.Store
	for i := range stores {
		stores[i] = srv.open(redis.Config{
			Timeout: redistest.Slow / 3, UnheardTTL: 20 * time.Millisecond,
			Breaker: resilience.NewBreaker("test "+strconv.Itoa(i), resilience.BreakerConfig{OpenFor: 20 * time.Millisecond}),
		})
	}
	one, other := process(stores[0], tr, redis.LevelConfig[string, value]{}), process(stores[1], tr, redis.LevelConfig[string, value]{})
	var round atomic.Int64
	well := func() bool { // what one process has loaded, the other need not, and what one has changed the other hears
		key := "well " + strconv.FormatInt(round.Add(1), 10)
		get(t, one, key)
		loads := tr.loads.Load()
		get(t, other, key)
		shared := tr.loads.Load() == loads
		n := tr.n.Add(1)
		one.Invalidate(t.Context(), key)
		if get(t, one, key) != n {
			t.Errorf("%s is older than the change of its own process", key)
		}
		for range 1000 {
			if get(t, other, key) == n {
				return shared
			}
			time.Sleep(time.Millisecond)
		}
		return false
	}
	srv.Suffer(t, well, func(t *testing.T, _ redistest.Fault) {
		for i := range 5 {
			key := "key " + strconv.Itoa(i%2)
			get(t, other, key)
			n := tr.n.Add(1)
			one.Invalidate(t.Context(), key)
			require.Equal(t, n, get(t, one, key), "its own change")
			get(t, other, key)
			n = tr.n.Add(1)
			other.Invalidate(t.Context(), key)
			require.Equal(t, n, get(t, other, key), "its own change")
		}
	})
	for _, key := range []string{"key 0", "key 1"} {
		n := tr.n.Add(1)
		one.Invalidate(t.Context(), key)
		soon(t, func() bool { return get(t, one, key) == n && get(t, other, key) == n }, key)
	}
}
