package cache

import (
	"context"
	"sync/atomic"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/metric"
	"github.com/fasterapi/fasterapi/reactor"
)

// mostCores is the most reactors of a group, see reactor.Config.Cores.
const mostCores = 1024

// noticed is how many hits of a core pass between two that the store hears of, so that it knows what is
// in use.
const noticed = 16

// cores are the maps of the reactors. A reactor of another group that has the same number takes the place over;
// whoever had it makes a new one.
//
// Owner: any (atomic).
type cores[K comparable, V any] struct {
	byCore [mostCores]atomic.Pointer[core[K, V]]
}

// core is the entries of one reactor: those of the store, some of them.
//
// Owner: reactor; hits: any reads (atomic).
type core[K comparable, V any] struct {
	cache   *Cache[K, V]
	reactor *reactor.Reactor
	entries map[K]*entry[V]
	offset  int64  // of the clock of the cache to that of the reactor
	since   uint32 // hits, to tell when the store is to hear of one
	hits    metric.Counter
}

// local returns the map of the reactor that ctx runs on, nil elsewhere.
func (cs *cores[K, V]) local(ctx context.Context, c *Cache[K, V]) *core[K, V] {
	site := async.SiteOf(ctx)
	if !site.Direct {
		return nil
	}
	r, ok := site.Scheduler.(*reactor.Reactor)
	if !ok {
		return nil
	}
	place := &cs.byCore[r.Core()]
	if own := place.Load(); own != nil && own.reactor == r {
		return own
	}
	own := &core[K, V]{cache: c, reactor: r, entries: make(map[K]*entry[V])}
	own.offset = c.time.now(ctx) - int64(r.Elapsed())
	if old := place.Swap(own); old != nil {
		c.counts.gone.Add(old.hits.Load())
	}
	return own
}

// now is the time: that of the reactor's turn costs a load.
func (own *core[K, V]) now() int64 {
	if own.cache.time.clock != nil {
		return own.cache.time.now(context.Background())
	}
	return own.offset + int64(own.reactor.Elapsed())
}

// find is Cache.find on the reactor.
func (own *core[K, V]) find(key K) (*entry[V], int64) {
	now := own.now()
	e, ok := own.entries[key]
	if ok && !e.dead.Load() && now < e.early {
		own.hits.Add(1)
		if own.since++; own.since%noticed == 0 {
			own.cache.store.GetIfPresent(key)
		}
		return e, now
	}
	e, ok = own.cache.store.GetIfPresent(key)
	if !ok || e.dead.Load() {
		delete(own.entries, key)
		return nil, now
	}
	if now < e.early {
		own.hits.Add(1)
		own.add(key, e, now)
	}
	return e, now
}

// examined is how many entries are looked at, for those that are over, when a new one comes.
const examined = 4

// add keeps e on this core.
func (own *core[K, V]) add(key K, e *entry[V], now int64) {
	n := 0
	for k, old := range own.entries { // begins anywhere
		if old.dead.Load() || now >= old.early || len(own.entries) >= own.cache.cfg.PerCore {
			delete(own.entries, k)
		}
		if n++; n == examined {
			break
		}
	}
	own.entries[key] = e
}
