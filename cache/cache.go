package cache

import (
	"context"
	"errors"
	"hash/maphash"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/note"
)

// Cache keeps values by key. Any goroutine and any reactor may use it. Values are shared by all who ask, and must not
// be changed.
//
// Owner: any (the parts say so themselves).
type Cache[K comparable, V any] struct {
	wrong error // what New was given wrong
	name  string
	cfg   Config[K, V]
	life  Life
	time  timing
	store *otter.Cache[K, *entry[V]]
	tags  tags
	cores *cores[K, V] // nil: no entries per core

	seed     maphash.Seed
	shards   [shardCount]shard[K, V]
	loads    atomic.Int64 // under way
	telling  atomic.Int64 // tags that other processes are being told of
	sweeping atomic.Bool
	sweepAt  atomic.Int64
	counts   counts
}

// shardCount spreads keys over locks: those are taken by misses, stores and invalidations, not by hits.
const shardCount = 64

// shard has the loads that are under way for some of the keys. Its lock is also held while an entry of one of them is
// stored or invalidated, so that a load sees what came between.
//
// Owner: mu.
type shard[K comparable, V any] struct {
	mu      sync.Mutex
	flights map[K]*flight[K, V]
	// telling counts what other processes are being told of a key now: the second level may still have what was before.
	telling map[K]int
}

// New returns an empty cache. The name is for Stats. A setting that is wrong is a [Cache.Mistake], which keeps the
// app that provides the cache from starting.
func New[K comparable, V any](name string, cfg Config[K, V]) *Cache[K, V] {
	wrong := cfg.resolve(name)
	if wrong != nil {
		cfg = Config[K, V]{Clock: cfg.Clock}
		_ = cfg.resolve("mistaken")
	}
	c := &Cache[K, V]{wrong: wrong, name: name, cfg: cfg, time: newTiming(cfg.Clock), seed: maphash.MakeSeed()}
	c.life = Life{TTL: cfg.TTL, StaleWhileRevalidate: cfg.StaleWhileRevalidate, StaleIfError: cfg.StaleIfError}
	c.sweepAt.Store(math.MinInt64) // a virtual clock may lie before the base
	c.store = otter.Must(c.options())
	for i := range c.shards {
		c.shards[i].flights, c.shards[i].telling = map[K]*flight[K, V]{}, map[K]int{}
	}
	if cfg.PerCore > 0 {
		c.cores = &cores[K, V]{}
	}
	if cfg.Second != nil {
		sink := Sink[K]{Invalidate: c.drop, InvalidateTag: c.dropTag, Clear: c.Clear}
		c.wrong = errors.Join(c.wrong, cfg.Second.Connect(name, sink))
	}
	return c
}

// Mistake returns every setting that is wrong, each with its place, nil when none is. A cache with one keeps nothing, and its
// loads fail with it.
func (c *Cache[K, V]) Mistake() error { return c.wrong }

// options are those of the store. It does not know the time: an entry that is over is found to be so when it
// is looked at, and swept when others are stored.
func (c *Cache[K, V]) options() *otter.Options[K, *entry[V]] {
	o := &otter.Options[K, *entry[V]]{
		// Entries come to their end under the lock of their bucket, also by eviction.
		OnAtomicDeletion: func(e otter.DeletionEvent[K, *entry[V]]) {
			if e.WasEvicted() {
				c.counts.evicted.Add(1)
			}
			c.end(e.Value)
		},
		// Maintenance takes microseconds; a goroutine for each would cost more.
		Executor: func(fn func()) { fn() },
	}
	if c.cfg.MaxWeight > 0 {
		o.MaximumWeight = uint64(c.cfg.MaxWeight)
		o.Weigher = func(_ K, e *entry[V]) uint32 { return e.weight }
	} else {
		o.MaximumSize = c.cfg.Size
	}
	return o
}

// end marks e as over, for the cores that have it too.
func (c *Cache[K, V]) end(e *entry[V]) {
	if !e.tagged {
		e.dead.Store(true)
		return
	}
	c.tags.end(&e.mark)
}

// Name returns the name of the cache.
func (c *Cache[K, V]) Name() string { return c.name }

// Get returns the value of a key while it is fresh, without loading it. A negative entry is no value.
func (c *Cache[K, V]) Get(ctx context.Context, key K) (V, bool) {
	e, now := c.find(ctx, key)
	switch {
	case e == nil || now >= e.fresh || e.err != nil:
		c.counts.misses.Add(1)
		note.That(ctx, note.CacheMiss)
		var zero V
		return zero, false
	case now >= e.early:
		c.counts.hits.add()
		note.That(ctx, note.CacheHit)
	}
	return e.value, true
}

// Peek returns the value of a key while it is fresh, as Get does, and counts nothing.
func (c *Cache[K, V]) Peek(ctx context.Context, key K) (v V, ok bool) {
	e, ok := c.store.GetEntryQuietly(key)
	if !ok || e.Value.dead.Load() || c.time.now(ctx) >= e.Value.fresh || e.Value.err != nil {
		return v, false
	}
	return e.Value.value, true
}

// Set stores a value for ttl; 0: Config.TTL. It replaces what a load under way is going to bring. The future is that
// of the second level, and ready without one: whoever does not need to know may drop it.
func (c *Cache[K, V]) Set(ctx context.Context, key K, v V, ttl time.Duration) async.Future[struct{}] {
	life := c.lifeOf(key, v)
	if ttl > 0 {
		life.TTL = ttl
	}
	m := &made[V]{value: v, life: life, born: c.tags.count.Load()}
	if c.cfg.Tags != nil {
		m.tags = c.cfg.Tags(key, v)
	}
	c.weigh(key, m)
	s := c.shard(key)
	s.mu.Lock()
	delete(s.flights, key)
	c.keep(ctx, key, m)
	s.mu.Unlock()
	c.sweepSometimes(ctx)
	return c.tell(key, func(second Second[K, V]) async.Future[struct{}] {
		return second.Store(ctx, key, Loaded[V]{Value: v, Life: life, Tags: m.tags})
	})
}

// Invalidate ends the entry of a key: from now on nobody who asks gets it, nor what a load that is under
// way brings. The future is ready once a second level has told the other processes, and fails when that is not known to have
// worked. Without a second level it is ready.
func (c *Cache[K, V]) Invalidate(ctx context.Context, key K) async.Future[struct{}] {
	c.drop(key)
	return c.tell(key, func(second Second[K, V]) async.Future[struct{}] { return second.Invalidate(ctx, key) })
}

// tell tells the second level something about a key. What is loaded meanwhile does not come from there.
func (c *Cache[K, V]) tell(key K, tell func(Second[K, V]) async.Future[struct{}]) async.Future[struct{}] {
	if c.cfg.Second == nil {
		return async.Ready(struct{}{})
	}
	s := c.shard(key)
	s.mu.Lock()
	s.telling[key]++
	if fl := s.flights[key]; fl != nil && !fl.around {
		delete(s.flights, key)
	}
	s.mu.Unlock()
	return tell(c.cfg.Second).Finally(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.telling[key]--; s.telling[key] <= 0 {
			delete(s.telling, key)
		}
	})
}

// InvalidateTag ends all entries that bear a tag, as Invalidate does.
func (c *Cache[K, V]) InvalidateTag(ctx context.Context, tag string) async.Future[struct{}] {
	c.telling.Add(1)
	c.dropTag(tag)
	if c.cfg.Second == nil {
		c.telling.Add(-1)
		return async.Ready(struct{}{})
	}
	return c.cfg.Second.InvalidateTag(ctx, tag).Finally(func() { c.telling.Add(-1) })
}

// dropTag ends the entries that bear a tag in this process.
func (c *Cache[K, V]) dropTag(tag string) {
	c.counts.invalidated.Add(int64(c.tags.invalidate(tag)))
	c.sweepAt.Store(math.MinInt64) // what they hold is given back by the next store
}

// shard returns the shard of a key.
func (c *Cache[K, V]) shard(key K) *shard[K, V] {
	return &c.shards[maphash.Comparable(c.seed, key)%shardCount]
}

// drop ends the entry of a key in this process.
func (c *Cache[K, V]) drop(key K) {
	s := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.flights, key)
	if _, ok := c.store.Invalidate(key); ok {
		c.counts.invalidated.Add(1)
	}
}

// Clear ends all entries of this process.
func (c *Cache[K, V]) Clear() {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		clear(s.flights)
	}
	c.store.InvalidateAll()
	for i := range c.shards {
		c.shards[i].mu.Unlock()
	}
}

// keep stores m in place of what there is. It reports whether that was done: a value that is not to be kept, or that has a
// tag that was invalidated while it was loaded, ends what there is.
// The caller has the lock of the shard.
func (c *Cache[K, V]) keep(ctx context.Context, key K, m *made[V]) bool {
	now := c.time.now(ctx)
	if m.life.TTL > 0 && c.wrong == nil {
		e := c.entryOf(m, now)
		fits := c.cfg.MaxWeight == 0 || int64(e.weight) <= c.cfg.MaxWeight
		if fits && e.last() > now && c.tags.bear(&e.mark, m.tags, m.born) {
			c.store.Set(key, e)
			return true
		}
	}
	c.store.Invalidate(key)
	return false
}

// find returns the entry of a key, fresh or not, and the time. Nil: there is none. One that is fresh, and not to be loaded
// early, is counted as a hit.
func (c *Cache[K, V]) find(ctx context.Context, key K) (*entry[V], int64) {
	e, now := c.look(ctx, key)
	if e != nil && now < e.early {
		note.That(ctx, note.CacheHit)
	}
	return e, now
}

// look is find without a note of it on the request.
func (c *Cache[K, V]) look(ctx context.Context, key K) (*entry[V], int64) {
	if c.cores != nil {
		if own := c.cores.local(ctx, c); own != nil {
			return own.find(key)
		}
	}
	e, ok := c.store.GetIfPresent(key)
	if !ok || e.dead.Load() {
		return nil, 0
	}
	now := c.time.now(ctx)
	if now < e.early {
		c.counts.hits.add()
	}
	return e, now
}

// sweepSometimes removes what is over, on a goroutine, at most once per TTL.
func (c *Cache[K, V]) sweepSometimes(ctx context.Context) {
	now := c.time.now(ctx)
	if now < c.sweepAt.Load() || !c.sweeping.CompareAndSwap(false, true) {
		return
	}
	c.sweepAt.Store(after(now, max(c.cfg.TTL, time.Second)))
	go func() {
		defer c.sweeping.Store(false)
		c.sweep(now)
	}()
}

// sweep removes what is over.
func (c *Cache[K, V]) sweep(now int64) {
	for key, e := range c.store.All() {
		if !e.dead.Load() && e.last() > now {
			continue
		}
		s := c.shard(key)
		s.mu.Lock()
		if have, ok := c.store.GetEntryQuietly(key); ok && have.Value == e {
			c.store.Invalidate(key)
		}
		s.mu.Unlock()
	}
}
