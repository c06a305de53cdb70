package cache

import (
	"context"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/note"
)

// loader makes a value: one of both is set.
//
// Owner: any (immutable once made).
type loader[V any] struct {
	function func(context.Context) (V, error)
	future   func(context.Context) async.Future[V]
}

// retryAfter is how long after a load in the background that failed the next one begins.
const retryAfter = int64(time.Second)

// GetOrLoad returns the value of a key, which load makes if there is no fresh one, on a goroutine where it may
// block. Those who ask for the key meanwhile get the same value; see the package documentation for what ends up in the cache,
// and when an old value is returned.
//
// The context of load is not ctx: the load belongs to all who wait for it, and it would be wrong to give others what was
// made with the rights of one caller. Everything that the value depends on belongs into the key.
//
// The caller waits as in [async.Future.Await]: when ctx ends they leave, and the load goes on.
func (c *Cache[K, V]) GetOrLoad(ctx context.Context, key K, load func(context.Context) (V, error)) (V, error) {
	e, now := c.find(ctx, key)
	if e != nil && now < e.early {
		return e.value, e.err
	}
	return c.fetch(ctx, key, e, now, loader[V]{function: load}).Await(ctx)
}

// GetOrLoadFuture is GetOrLoad for chains: load is called at once, where the caller is, and must not block. A hit is a ready future.
func (c *Cache[K, V]) GetOrLoadFuture(ctx context.Context, key K, load func(context.Context) async.Future[V]) async.Future[V] {
	e, now := c.find(ctx, key)
	if e != nil && now < e.early {
		return async.Of(e.value, e.err)
	}
	return c.fetch(ctx, key, e, now, loader[V]{future: load})
}

// Load is GetOrLoad with the loader of the Config.
func (c *Cache[K, V]) Load(ctx context.Context, key K) (V, error) {
	e, now := c.find(ctx, key)
	if e != nil && now < e.early {
		return e.value, e.err
	}
	return c.fetchOwn(ctx, key, e, now).Await(ctx)
}

// LoadFuture is GetOrLoadFuture with the loader of the Config.
func (c *Cache[K, V]) LoadFuture(ctx context.Context, key K) async.Future[V] {
	e, now := c.find(ctx, key)
	if e != nil && now < e.early {
		return async.Of(e.value, e.err)
	}
	return c.fetchOwn(ctx, key, e, now)
}

func (c *Cache[K, V]) fetchOwn(ctx context.Context, key K, old *entry[V], now int64) async.Future[V] {
	var own loader[V]
	switch {
	case c.cfg.LoadFuture != nil:
		own.future = func(ctx context.Context) async.Future[V] { return c.cfg.LoadFuture(ctx, key) }
	case c.cfg.Load != nil:
		own.function = func(ctx context.Context) (V, error) { return c.cfg.Load(ctx, key) }
	case c.wrong != nil:
		return async.Failed[V](c.wrong)
	default:
		return async.Failed[V](ErrNoLoader)
	}
	return c.fetch(ctx, key, old, now, own)
}

// fetch returns the value of a key whose entry is not one to return without further ado; nil: there is none.
func (c *Cache[K, V]) fetch(ctx context.Context, key K, old *entry[V], now int64, load loader[V]) async.Future[V] {
	switch {
	case old == nil || now >= old.last():
		c.counts.misses.Add(1)
		note.That(ctx, note.CacheMiss)
		return c.join(ctx, key, old, load)
	case now < old.fresh || now < old.revalidate:
		if now < old.fresh {
			c.counts.hits.add()
			note.That(ctx, note.CacheHit)
		} else {
			c.counts.stale.Add(1)
			note.That(ctx, note.CacheStale)
		}
		c.refresh(ctx, key, old, now, load)
		return async.Of(old.value, old.err)
	}
	c.counts.misses.Add(1)
	note.That(ctx, note.CacheMiss)
	loaded := c.join(ctx, key, old, load)
	if soft := c.cfg.SoftTimeout; soft > 0 {
		loaded = loaded.Timeout(soft)
	}
	return loaded.Recover(func(err error) (V, error) { return c.save(ctx, old, err) })
}

// join returns the value of the load of a key: of the one that is under way, or a new one.
func (c *Cache[K, V]) join(ctx context.Context, key K, old *entry[V], load loader[V]) async.Future[V] {
	fl, answer := c.begin(ctx, key, old, load, false)
	if fl == nil {
		return answer
	}
	return fl.shared.Future(c.time.home(ctx))
}

// refresh begins a load in the background, unless one is under way or has just failed.
func (c *Cache[K, V]) refresh(ctx context.Context, key K, old *entry[V], now int64, load loader[V]) {
	at := old.retry.Load()
	if now < at || !old.retry.CompareAndSwap(at, after(now, c.cfg.LoadTimeout)) {
		return
	}
	fl, _ := c.begin(ctx, key, old, load, true)
	if fl == nil {
		old.retry.Store(now + retryAfter)
		return
	}
	c.counts.refreshed.Add(1)
}

// save answers a load that has failed with the old value, unless that has been invalidated meanwhile.
func (c *Cache[K, V]) save(ctx context.Context, old *entry[V], err error) (V, error) {
	if left(err) || c.isNegative(ctx, err) || old.ended() {
		var zero V
		return zero, err
	}
	c.counts.saved.Add(1)
	if err == async.ErrTimeout { //nolint:errorlint // that of SoftTimeout
		c.counts.late.Add(1)
	}
	return old.value, nil
}
