package cache

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/async"
)

// flight is a load that is under way, for all who wait for it. It is the load of its key while the table of its shard
// says so: what is stored or invalidated meanwhile takes it out, and then its value is not kept.
//
// Owner: any (immutable once it is in the table); parts: any (atomic).
type flight[K comparable, V any] struct {
	cache   *Cache[K, V]
	key     K
	ctx     *loadContext
	promise async.Promise[V]
	shared  *async.Shared[V]
	born    uint64 // see made
	began   int64
	// older is the age of the value that there is, for the second level; 0: none.
	older time.Duration
	// background says that nobody waits.
	background bool
	// around says that the second level is left out: others are being told something about the key.
	around bool
	// parts is what has not ended: the flight itself, and functions on goroutines, which may outlive it.
	parts atomic.Int32
}

// begin returns the load of a key that is under way, or begins one. Nil: the future is the answer, because there is a
// fresh entry by now, or because no more loads may begin.
func (c *Cache[K, V]) begin(ctx context.Context, key K, old *entry[V], load loader[V], background bool) (*flight[K, V], async.Future[V]) {
	if c.wrong != nil {
		return nil, async.Failed[V](c.wrong)
	}
	if same := key; same != key {
		return nil, async.Failed[V](errKey)
	}
	s := c.shard(key)
	s.mu.Lock()
	// What a load brings that began before a tag was invalidated may bear it: who asks later does not wait for that.
	if fl := s.flights[key]; fl != nil && fl.born == c.tags.count.Load() {
		s.mu.Unlock()
		return fl, async.Future[V]{}
	}
	now := c.time.now(ctx)
	if e, ok := c.store.GetIfPresent(key); ok && !e.dead.Load() && (now < e.early || !background && now < e.fresh) {
		s.mu.Unlock()
		return nil, async.Of(e.value, e.err) // a load has just ended
	}
	if c.loads.Add(1) > int64(c.cfg.Loads) {
		s.mu.Unlock()
		c.loads.Add(-1)
		c.counts.busy.Add(1)
		return nil, async.Failed[V](ErrBusy)
	}
	fl := &flight[K, V]{cache: c, key: key, born: c.tags.count.Load(), began: now, background: background}
	if old != nil {
		fl.older = max(1, time.Duration(now-old.loaded))
	}
	fl.ctx = c.time.loadContext(ctx, c.cfg.LoadTimeout)
	fl.parts.Store(1)
	fl.around = s.telling[key] > 0 || c.telling.Load() > 0
	var result async.Future[V]
	fl.promise, result = async.NewPromise[V](fl.ctx.scheduler)
	fl.shared = result.Shared()
	s.flights[key] = fl
	s.mu.Unlock()
	fl.run(load)
	return fl, async.Future[V]{}
}

// run begins to make the value. However load ends, the flight does too.
func (fl *flight[K, V]) run(load loader[V]) {
	returned := false
	defer func() {
		if returned {
			return
		}
		err := async.ErrGoexit
		if v := recover(); v != nil {
			err = &async.PanicError{Value: v, Stack: debug.Stack()}
		}
		fl.land(&made[V]{err: err})
	}()
	c := fl.cache
	source := func(ctx context.Context) async.Future[Loaded[V]] {
		return fl.call(ctx, load).Then(fl.describe)
	}
	var loaded async.Future[Loaded[V]]
	if c.cfg.Second == nil || fl.around {
		loaded = source(fl.ctx)
	} else {
		loaded = c.cfg.Second.Load(fl.ctx, fl.key, fl.older, source)
	}
	loaded.Via(fl.ctx.scheduler).Timeout(c.cfg.LoadTimeout).OnDone(func(l Loaded[V], err error) {
		fl.land(&made[V]{value: l.Value, err: err, life: l.Life, age: l.Age, tags: l.Tags})
	})
	returned = true
}

// call calls the loader.
func (fl *flight[K, V]) call(ctx context.Context, load loader[V]) async.Future[V] {
	if load.future != nil {
		return load.future(ctx)
	}
	for {
		n := fl.parts.Load()
		if n == 0 {
			return async.Failed[V](ErrLoadTimeout) // the second level took that long
		}
		if fl.parts.CompareAndSwap(n, n+1) {
			break
		}
	}
	return async.Go(ctx, func(ctx context.Context) (V, error) {
		defer fl.leave()
		return load.function(ctx)
	})
}

// leave ends a part.
func (fl *flight[K, V]) leave() {
	if fl.parts.Add(-1) == 0 {
		fl.cache.loads.Add(-1)
	}
}

// describe is v with its life and tags.
func (fl *flight[K, V]) describe(v V) Loaded[V] {
	c := fl.cache
	l := Loaded[V]{Value: v, Life: c.lifeOf(fl.key, v)}
	if c.cfg.Tags != nil {
		l.Tags = c.cfg.Tags(fl.key, v)
	}
	return l
}

// land ends the flight: it keeps what was loaded, and gives it to those who wait.
func (fl *flight[K, V]) land(m *made[V]) {
	c, now := fl.cache, fl.cache.time.now(fl.ctx)
	m.born = fl.born
	if m.err == async.ErrTimeout && now-fl.began >= int64(c.cfg.LoadTimeout) { //nolint:errorlint // that of run
		m.err = ErrLoadTimeout
		c.counts.timeouts.Add(1)
	}
	fl.weigh(m)
	negative := m.err != nil && c.isNegative(fl.ctx, m.err)
	s := c.shard(fl.key)
	s.mu.Lock()
	if s.flights[fl.key] != fl {
		c.counts.dropped.Add(1)
	} else {
		delete(s.flights, fl.key)
		fl.keep(m, negative, now)
	}
	s.mu.Unlock()
	switch {
	case negative:
		c.counts.negative.Add(1)
	case m.err != nil:
		c.counts.failed.Add(1)
	default:
		c.counts.loaded.Add(1)
	}
	fl.ctx.end(m.err)
	fl.leave()
	if fl.background && m.err != nil && !negative {
		c.log(fl.ctx).Warn("cache: a refresh failed", slog.String("cache", c.name), slog.Any("error", m.err)) // whose method may panic
	}
	fl.promise.Post(m.value, m.err)
	c.sweepSometimes(fl.ctx)
}

// weigh is Cache.weigh, whose panic is that of the load.
func (fl *flight[K, V]) weigh(m *made[V]) {
	defer func() {
		if v := recover(); v != nil {
			m.err = &async.PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	fl.cache.weigh(fl.key, m)
}

// keep keeps what was loaded. The caller has the lock of the shard.
func (fl *flight[K, V]) keep(m *made[V], negative bool, now int64) {
	c := fl.cache
	switch {
	case negative:
		m.life = Life{TTL: c.cfg.NegativeTTL}
	case m.err != nil:
		if old, ok := c.store.GetEntryQuietly(fl.key); ok {
			old.Value.retry.Store(now + retryAfter)
		}
		return
	}
	if !c.keep(fl.ctx, fl.key, m) {
		c.counts.dropped.Add(1)
	}
}

// isNegative asks Config.Negative, whose panic is no reason to leave others waiting.
func (c *Cache[K, V]) isNegative(ctx context.Context, err error) (is bool) {
	defer func() {
		if v := recover(); v != nil {
			c.log(ctx).Error("cache: Config.Negative panicked", slog.String("cache", c.name), slog.Any("panic", v))
		}
	}()
	return c.cfg.Negative(err)
}

// log is where what happens for ctx is logged.
func (c *Cache[K, V]) log(ctx context.Context) *slog.Logger {
	if c.cfg.Logger != nil {
		return c.cfg.Logger
	}
	return async.SiteOf(ctx).Logger()
}
