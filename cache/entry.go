package cache

import (
	"math"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// entry is a value with its times, on the clock of its cache. Readers hold it while others replace it, so
// nothing of it changes but dead and retry.
//
// Owner: any (immutable after it is stored); dead, retry: any (atomic).
type entry[V any] struct {
	value V
	err   error // of a negative entry

	loaded     int64 // when it was made
	early      int64 // from when a hit begins a load
	fresh      int64 // until when it is a hit
	revalidate int64 // until when it is served while it is loaded anew
	onError    int64 // until when it is served if that fails

	weight uint32
	mark
	retry atomic.Int64 // before that no load in the background
}

// last is until when e may be of use.
func (e *entry[V]) last() int64 { return max(e.fresh, e.revalidate, e.onError) }

// made is what became of a load, or was given to Set.
//
// Owner: whoever makes the entry.
type made[V any] struct {
	value  V
	err    error
	life   Life
	age    time.Duration // since it was loaded
	tags   []string
	weight uint32
	born   uint64 // the count of invalidated tags when the load began
}

// entryOf makes the entry of m, without its tags.
func (c *Cache[K, V]) entryOf(m *made[V], now int64) *entry[V] {
	e := &entry[V]{value: m.value, err: m.err}
	e.retry.Store(now)
	ttl := m.life.TTL
	e.loaded = now - int64(m.age)
	if c.cfg.Jitter > 0 && ttl != Forever && m.age == 0 {
		ttl -= time.Duration(rand.Float64() * c.cfg.Jitter * float64(ttl))
	}
	e.fresh = after(now, ttl)
	e.early = e.fresh
	if e.fresh != never {
		e.fresh -= int64(m.age)
		e.early = e.fresh - int64(c.cfg.EarlyRefresh*float64(ttl))
	}
	e.revalidate, e.onError = e.fresh, e.fresh
	if m.err == nil {
		e.revalidate = after(e.fresh, m.life.StaleWhileRevalidate)
		e.onError = after(e.fresh, m.life.StaleIfError)
	} else {
		e.early = e.fresh
	}
	e.weight = m.weight
	return e
}

// weigh sets the weight of m; what is too heavy for the whole cache weighs one more than it.
func (c *Cache[K, V]) weigh(key K, m *made[V]) {
	switch {
	case c.cfg.Weight == nil:
	case m.err != nil:
		m.weight = 1
	default:
		w := int64(max(0, c.cfg.Weight(key, m.value)))
		m.weight = uint32(min(w, c.cfg.MaxWeight+1, math.MaxUint32))
	}
}

// lifeOf is for how long v is good.
func (c *Cache[K, V]) lifeOf(key K, v V) Life {
	general := c.life
	if c.cfg.Life != nil {
		return c.cfg.Life(key, v, general)
	}
	return general
}
