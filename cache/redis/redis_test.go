package redis_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/cache/redis"
	"github.com/fasterapi/fasterapi/internal/test/redistest"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/resilience"
)

type level = redis.LevelConfig[string, value]

// TestShared: what one process loads the others need not, and what one changes is over in all.
func TestShared(t *testing.T) {
	srv, tr := startServer(t), &truth{}
	stores := []*redis.Store{srv.open(redis.Config{}), srv.open(redis.Config{})}
	tagged := func(c *cache.Config[string, value]) {
		c.Tags = func(k string, _ value) []string { return []string{"all", "first " + k[:1]} }
	}
	a, b := process(stores[0], tr, level{}, tagged), process(stores[1], tr, level{}, tagged)
	require.Zero(t, get(t, a, "x"))
	soon(t, func() bool { return stores[0].Stats().Stored == 1 })
	require.Zero(t, get(t, b, "x"))
	require.EqualValues(t, 1, tr.loads.Load())
	require.EqualValues(t, 1, stores[1].Stats().Hits)

	change := func(end func() error) {
		t.Helper()
		tr.n.Add(1)
		require.NoError(t, end())
		require.Equal(t, tr.n.Load(), get(t, a, "x"))
		soon(t, func() bool { return get(t, b, "x") == tr.n.Load() }, "b hears of it")
	}
	for range 20 {
		change(func() error { _, err := a.Invalidate(t.Context(), "x").Await(t.Context()); return err })
		change(func() error { _, err := a.InvalidateTag(t.Context(), "all").Await(t.Context()); return err })
		change(func() error { _, err := a.InvalidateTag(t.Context(), "first x").Await(t.Context()); return err })
		change(func() error {
			_, err := a.Set(t.Context(), "x", value{"x", tr.n.Load()}, 0).Await(t.Context())
			return err
		})
	}
	srv.CLI("FLUSHALL")
	tr.n.Add(1)
	soon(t, func() bool { return get(t, a, "x") == tr.n.Load() && get(t, b, "x") == tr.n.Load() }, "all keys are gone")
	require.NotZero(t, stores[0].Stats().Cleared)
}

// TestEntryGoneFromRedis: others hear of a change even when Redis has the entry no more.
func TestEntryGoneFromRedis(t *testing.T) {
	srv, tr := startServer(t), &truth{}
	one, two := srv.open(redis.Config{}), srv.open(redis.Config{})
	a, b := process(one, tr, level{}), process(two, tr, level{})
	require.NoError(t, one.Ping(t.Context()))
	require.NoError(t, two.Ping(t.Context()))
	b.Set(t.Context(), "x", value{"x", 0}, 0)
	soon(t, func() bool { return strings.Contains(srv.CLI("KEYS", "*"), "things:v:") })
	require.Zero(t, get(t, b, "x"))
	tr.n.Add(1)
	_, err := a.Invalidate(t.Context(), "x").Await(t.Context())
	require.NoError(t, err)
	soon(t, func() bool { return get(t, b, "x") == 1 })
	tr.n.Add(1) // now neither a nor Redis has it
	_, err = a.Invalidate(t.Context(), "x").Await(t.Context())
	require.NoError(t, err)
	soon(t, func() bool { return get(t, b, "x") == 2 })
}

// TestOneLoad: processes that miss a key at the same time run one load.
func TestOneLoad(t *testing.T) {
	srv, tr := startServer(t), &truth{delay: 100 * time.Millisecond}
	var all sync.WaitGroup
	var wrong atomic.Int64
	for range 8 {
		c := process(srv.open(redis.Config{Timeout: 5 * time.Second}), tr, level{OneLoad: true})
		for range 20 {
			all.Go(func() {
				if v, err := c.Load(context.Background(), "x"); err != nil || v.Key != "x" {
					wrong.Add(1)
				}
			})
		}
	}
	all.Wait()
	require.Zero(t, wrong.Load())
	require.EqualValues(t, 1, tr.loads.Load())
}

// TestLeaseEnds: a process that dies while it loads keeps the others for the length of a lease, one that fails does not.
func TestLeaseEnds(t *testing.T) {
	srv, tr := startServer(t), &truth{}
	slow, quick := srv.open(redis.Config{Timeout: 5 * time.Second}), srv.open(redis.Config{Timeout: 5 * time.Second})
	gate := make(chan struct{})
	b := process(quick, tr, level{OneLoad: true})
	hangs := cache.New("things", cache.Config[string, value]{Second: redis.Level(slow, level{OneLoad: true, Lease: time.Second})})
	dead := int64(0)
	for ; quick.Stats().Waits == 0; dead++ { // again where a busy machine took the second of the lease
		key, begun := fmt.Sprint("x", dead), make(chan struct{})
		go func() {
			_, _ = hangs.GetOrLoad(context.Background(), key, func(context.Context) (value, error) {
				close(begun)
				<-gate
				return value{key, -1}, nil
			})
		}()
		<-begun
		require.Zero(t, get(t, b, key))
		require.Less(t, dead, int64(10))
	}
	require.EqualValues(t, 1, quick.Stats().Waits)
	soon(t, func() bool { return quick.Stats().Stored == dead })
	close(gate)
	soon(t, func() bool { return slow.Stats().Lost == dead }, "its lease is over")
	_, err := hangs.GetOrLoad(t.Context(), "y", func(context.Context) (value, error) { return value{}, problem.NotFound("") })
	require.Error(t, err)
	begin := time.Now()
	require.Zero(t, get(t, b, "y"))
	require.Less(t, time.Since(begin), 5*time.Second)
}

// TestChangeDuringLoad: what another process changes during a load is not overwritten by what was loaded.
func TestChangeDuringLoad(t *testing.T) {
	srv, tr := startServer(t), &truth{}
	two := srv.open(redis.Config{Timeout: 5 * time.Second})
	tags := func(c *cache.Config[string, value]) { c.Tags = func(string, value) []string { return []string{"tag"} } }
	b := process(two, tr, level{}, tags)
	for name, change := range map[string]func() error{
		"key": func() error { _, err := b.Invalidate(t.Context(), "x").Await(t.Context()); return err },
		"tag": func() error { _, err := b.InvalidateTag(t.Context(), "tag").Await(t.Context()); return err },
	} {
		t.Run(name, func(t *testing.T) {
			srv.CLI("FLUSHALL")
			gate, begun := make(chan struct{}), make(chan struct{})
			done := make(chan struct{})
			slow := process(srv.open(redis.Config{Timeout: 5 * time.Second}), tr, level{}, tags, func(c *cache.Config[string, value]) {
				c.Load = func(context.Context, string) (value, error) {
					v := value{"x", tr.n.Load()}
					close(begun)
					<-gate
					return v, nil
				}
			})
			go func() {
				_, _ = slow.Load(context.Background(), "x")
				close(done)
			}()
			<-begun
			tr.n.Add(1)
			require.NoError(t, change())
			close(gate)
			<-done
			require.Equal(t, tr.n.Load(), get(t, b, "x"))
			fresh := process(srv.open(redis.Config{Timeout: 5 * time.Second}), tr, level{}, tags)
			require.Equal(t, tr.n.Load(), get(t, fresh, "x"))
		})
	}
}

// TestKilledUnderLoad: a Redis that is killed and restarted costs loads, never an error, a hang, or a value of another key; what was
// invalidated while it was away is over when it is back.
func TestKilledUnderLoad(t *testing.T) {
	srv, tr := startServer(t), &truth{}
	breaker := func() *resilience.Breaker {
		return resilience.NewBreaker("test", resilience.BreakerConfig{OpenFor: 20 * time.Millisecond})
	}
	cfg := func() redis.Config {
		return redis.Config{Timeout: 2 * time.Second, UnheardTTL: 20 * time.Millisecond, Breaker: breaker()}
	}
	one, two := srv.open(cfg()), srv.open(cfg())
	a, b := process(one, tr, level{OneLoad: true}), process(two, tr, level{OneLoad: true})
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	var asked, failures atomic.Int64
	for _, c := range []*cache.Cache[string, value]{a, b} {
		for range 4 {
			all.Go(func() {
				for ctx.Err() == nil {
					time.Sleep(50 * time.Microsecond) // Redis needs the processor, too
					key := fmt.Sprint("k", rand.IntN(20))
					v, err := c.Load(context.Background(), key)
					if err != nil || v.Key != key {
						failures.Add(1)
					}
					asked.Add(1)
					if rand.IntN(50) == 0 {
						c.Invalidate(context.Background(), key).OnDone(func(struct{}, error) {})
					}
				}
			})
		}
	}
	some := func() {
		begin := asked.Load()
		soon(t, func() bool { return asked.Load() > begin+2000 })
	}
	up := map[*redis.Store]redis.Stats{}
	for range 2 {
		some()
		for _, store := range []*redis.Store{one, two} {
			up[store] = store.Stats()
		}
		srv.Kill()
		some()
		tr.n.Add(1)
		_, err := a.Invalidate(t.Context(), "gone").Await(t.Context())
		require.Error(t, err, "others were not told")
		require.Equal(t, tr.n.Load(), get(t, a, "gone"))
		for _, store := range []*redis.Store{one, two} {
			before := up[store]
			soon(t, func() bool { // it opens this time, too, and calls are spared
				down := store.Stats()
				return down.Breaker.Opened > before.Breaker.Opened && down.Breaker.Refused > before.Breaker.Refused && down.Bypassed > before.Bypassed
			})
		}
		srv.Start()
		soon(t, func() bool { return one.Stats().Undelivered == 0 && one.Stats().Listening && two.Stats().Listening })
		soon(t, func() bool {
			return one.Stats().Breaker.State == resilience.Closed && two.Stats().Breaker.State == resilience.Closed
		})
	}
	some()
	stop()
	all.Wait()
	require.Zero(t, failures.Load())
	tr.n.Add(1)
	for i := range 20 {
		key := fmt.Sprint("k", i)
		soon(t, func() bool { _, err := a.Invalidate(t.Context(), key).Await(t.Context()); return err == nil })
		require.Equal(t, tr.n.Load(), get(t, a, key))
		soon(t, func() bool { return get(t, b, key) == tr.n.Load() })
	}
}

// TestOwed: an invalidation that cannot be delivered is delivered later, and until then nothing is read from Redis.
func TestOwed(t *testing.T) {
	srv, tr := startServer(t), &truth{}
	breaker := resilience.NewBreaker("test", resilience.BreakerConfig{OpenFor: 10 * time.Millisecond})
	store := srv.open(redis.Config{Timeout: 100 * time.Millisecond, Breaker: breaker})
	c := process(store, tr, level{})
	soon(t, func() bool { // a busy machine may take longer than Timeout
		stored := store.Stats().Stored
		_, err := c.Invalidate(t.Context(), "x").Await(t.Context())
		require.Zero(t, get(t, c, "x"))
		for range 100 {
			if s := store.Stats(); s.Stored > stored {
				return err == nil && s.Undelivered == 0
			}
			time.Sleep(2 * time.Millisecond)
		}
		return false
	})
	srv.Proxy.Silent(true)
	tr.n.Add(1)
	_, err := c.Invalidate(t.Context(), "x").Await(t.Context())
	require.Error(t, err)
	require.EqualValues(t, 1, get(t, c, "x"))
	_, err = c.InvalidateTag(t.Context(), "some").Await(t.Context())
	require.Error(t, err)
	require.EqualValues(t, 2, store.Stats().Undelivered)
	srv.Proxy.Silent(false)
	soon(t, func() bool { return store.Stats().Undelivered == 0 })
	other := process(srv.open(redis.Config{Timeout: 5 * time.Second}), tr, level{})
	require.EqualValues(t, 1, get(t, other, "x"))
}

// TestSlowAndGarbage: calls take their time at most, and nonsense is a miss.
func TestSlowAndGarbage(t *testing.T) {
	for name, disturb := range map[string]func(*redistest.Proxy, bool){
		"slow":    func(p *redistest.Proxy, on bool) { p.Silent(on) },
		"garbage": func(p *redistest.Proxy, on bool) { p.Garbage(on) },
		"cut":     func(p *redistest.Proxy, on bool) { p.Cut() },
	} {
		t.Run(name, func(t *testing.T) {
			srv, tr := startServer(t), &truth{}
			breaker := resilience.NewBreaker("test", resilience.BreakerConfig{OpenFor: 20 * time.Millisecond})
			store := srv.open(redis.Config{Timeout: 200 * time.Millisecond, Breaker: breaker, UnheardTTL: time.Millisecond})
			c := process(store, tr, level{OneLoad: true})
			require.Zero(t, get(t, c, "x"))
			disturb(srv.Proxy, true)
			for i := range 50 {
				require.Zero(t, get(t, c, fmt.Sprint("k", i)))
			}
			disturb(srv.Proxy, false)
			hits := store.Stats().Stored
			n := 0
			soon(t, func() bool {
				n++
				get(t, c, fmt.Sprint("later", n))
				return store.Stats().Stored > hits
			}, "it recovers")
		})
	}
}

// TestFull: a Redis without room serves what it has, and costs loads.
func TestFull(t *testing.T) {
	srv, tr := startServer(t), &truth{}
	store := srv.open(redis.Config{Timeout: 5 * time.Second})
	c := process(store, tr, level{})
	require.Zero(t, get(t, c, "x"))
	soon(t, func() bool { return store.Stats().Stored == 1 })
	srv.CLI("CONFIG", "SET", "maxmemory", "1")
	for i := range 10 {
		require.Zero(t, get(t, c, fmt.Sprint(i)))
	}
	require.Zero(t, store.Stats().Failures)
	other := process(srv.open(redis.Config{Timeout: 5 * time.Second}), tr, level{})
	loads := tr.loads.Load()
	require.Zero(t, get(t, other, "x"))
	require.Equal(t, loads, tr.loads.Load(), "what it has is served")
	tr.n.Add(1)
	_, err := c.Invalidate(t.Context(), "x").Await(t.Context())
	require.NoError(t, err, "it was there to be removed")
	require.EqualValues(t, 1, get(t, c, "x"))
	soon(t, func() bool { return get(t, other, "x") == 1 })
	_, err = c.Invalidate(t.Context(), "unknown").Await(t.Context())
	require.NoError(t, err, "that takes no room")
	_, err = c.Set(t.Context(), "large", value{"large", 1}, 0).Await(t.Context())
	require.NoError(t, err)
	require.NotContains(t, srv.CLI("KEYS", "*"), "large")
	srv.CLI("CONFIG", "SET", "maxmemory", "0")
	require.Zero(t, store.Stats().Undelivered)
}

// TestDead: caches work with a Redis that was never there, and find it when it comes.
func TestDead(t *testing.T) {
	srv, tr := startServer(t), &truth{}
	srv.Kill()
	breaker := resilience.NewBreaker("test", resilience.BreakerConfig{OpenFor: 10 * time.Millisecond})
	store := srv.open(redis.Config{Breaker: breaker, UnheardTTL: 10 * time.Millisecond})
	c := process(store, tr, level{})
	for i := range 20 {
		require.Zero(t, get(t, c, fmt.Sprint(i)))
	}
	require.Error(t, store.Ping(t.Context()))
	soon(t, func() bool { get(t, c, "more"); return store.Stats().Breaker.Refused > 0 })
	dead := store.Stats()
	require.Positive(t, dead.Breaker.Opened)
	require.Positive(t, dead.Bypassed, "calls are spared")
	require.Zero(t, dead.Calls, "nobody has answered")
	srv.Start()
	soon(t, func() bool { return store.Ping(t.Context()) == nil })
	soon(t, func() bool { _ = store.Ping(t.Context()); return store.Stats().Breaker.State == resilience.Closed })
	n := 0
	soon(t, func() bool { n++; get(t, c, fmt.Sprint("n", n)); return store.Stats().Stored > 0 })
	require.NoError(t, store.Close())
	require.Zero(t, get(t, c, "after the end"))
}

// TestOtherEntries: what others have put there is a miss: nonsense, another version, another type.
func TestOtherEntries(t *testing.T) {
	srv, tr := startServer(t), &truth{}
	one := srv.open(redis.Config{Timeout: 5 * time.Second})
	c := process(one, tr, level{})
	require.Zero(t, get(t, c, "x"))
	soon(t, func() bool { return one.Stats().Stored == 1 })
	name := strings.Fields(srv.CLI("KEYS", "cache:*"))[0]

	newer := srv.open(redis.Config{Timeout: 5 * time.Second})
	v2 := process(newer, tr, level{Version: "2"})
	require.Zero(t, get(t, v2, "x"))
	require.EqualValues(t, 1, newer.Stats().Invalid)
	third := srv.open(redis.Config{Timeout: 5 * time.Second})
	texts := cache.New("things", cache.Config[string, string]{Second: redis.Level(third, redis.LevelConfig[string, string]{})})
	text, err := texts.GetOrLoad(t.Context(), "x", func(context.Context) (string, error) { return "text", nil })
	require.NoError(t, err)
	require.Equal(t, "text", text)
	for _, junk := range []string{"junk", "99999999999999999|1|", "99999999999999999|99999999999999998|\x01abcdefgh", ""} {
		srv.CLI("SET", name, junk)
		fresh := process(srv.open(redis.Config{Timeout: 5 * time.Second}), tr, level{})
		require.Zero(t, get(t, fresh, "x"))
	}
}

// TestEarlyRefresh: a refresh is not answered with the very value that is to be refreshed.
func TestEarlyRefresh(t *testing.T) {
	srv, tr := startServer(t), &truth{}
	store := srv.open(redis.Config{Timeout: 5 * time.Second})
	c := process(store, tr, level{}, func(c *cache.Config[string, value]) { c.TTL, c.EarlyRefresh = 400*time.Millisecond, 0.9 })
	require.Zero(t, get(t, c, "x"))
	tr.n.Add(1)
	soon(t, func() bool { return get(t, c, "x") == 1 })
}

// TestCodecs: keys that are numbers, and values in a form of one's own.
func TestCodecs(t *testing.T) {
	srv := startServer(t)
	type id int32
	level := redis.LevelConfig[id, string]{
		Encode: func(s string) ([]byte, error) { return []byte("<" + s + ">"), nil },
		Decode: func(b []byte) (string, error) {
			s := string(b)
			if !strings.HasPrefix(s, "<") {
				return "", errors.New("not ours")
			}
			return s[1 : len(s)-1], nil
		},
	}
	one, two := srv.open(redis.Config{Timeout: 5 * time.Second}), srv.open(redis.Config{Timeout: 5 * time.Second})
	a := cache.New("ids", cache.Config[id, string]{Second: redis.Level(one, level)})
	b := cache.New("ids", cache.Config[id, string]{Second: redis.Level(two, level)})
	_, err := a.Set(t.Context(), -7, "seven", 0).Await(t.Context())
	require.NoError(t, err)
	never := func(context.Context) (string, error) { return "", errors.New("loaded") }
	s, err := b.GetOrLoad(t.Context(), -7, never)
	require.NoError(t, err)
	require.Equal(t, "seven", s)
	a.Invalidate(t.Context(), -7)
	soon(t, func() bool { _, ok := b.Get(t.Context(), -7); return !ok })
}

// TestRefused: what is wrong is a mistake of the cache and of the store.
func TestRefused(t *testing.T) {
	bad := redis.Open(redis.Config{URL: "http://user:secret@host", Timeout: -1, UnheardTTL: -1, Prefix: "{}"})
	text := bad.Mistake().Error()
	for _, part := range []string{"redis_test.go:", "Config.URL is not", "Timeout must be", "UnheardTTL must be", "Prefix must not"} {
		require.Contains(t, text, part)
	}
	require.NotContains(t, text, "secret")
	require.ErrorContains(t, redis.Open(redis.Config{}).Mistake(), "URL must say")
	store := redis.Open(redis.Config{URL: "redis://localhost:1"})
	require.NoError(t, store.Mistake())
	type point struct{ X, Y int }
	c := cache.New("a:b", cache.Config[point, int]{Second: redis.Level(store, redis.LevelConfig[point, int]{Lease: -1})})
	for _, part := range []string{"must not contain colons", "keys of type redis_test.point", "Lease must be"} {
		require.ErrorContains(t, c.Mistake(), part)
	}
	mk := func() *cache.Cache[int, int] {
		return cache.New("twice", cache.Config[int, int]{Second: redis.Level(store, redis.LevelConfig[int, int]{})})
	}
	require.NoError(t, mk().Mistake())
	require.ErrorContains(t, mk().Mistake(), "two caches with the name")
	require.ErrorContains(t, cache.New("x", cache.Config[int, int]{Second: redis.Level(bad, redis.LevelConfig[int, int]{})}).Mistake(), "UnheardTTL must be")
}
