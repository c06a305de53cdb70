package cache

import (
	"math/rand/v2"

	"github.com/fasterapi/fasterapi/metric"
	"github.com/fasterapi/fasterapi/resilience"
)

// counts are the numbers of a cache.
//
// Owner: any (atomic).
type counts struct {
	hits                                      striped
	misses, stale, saved, late, gone          metric.Shared
	loaded, failed, negative, dropped, busy   metric.Shared
	timeouts, refreshed, evicted, invalidated metric.Shared
}

// Stats is a snapshot of a Cache. The counts are since it was made.
//
// Owner: whoever asked for it.
type Stats struct {
	Name   string
	Size   int    // entries, those that are over and not swept included
	Weight uint64 // of these; 0 without Config.MaxWeight
	Tags   int    // that entries bear

	Hits   int64 // fresh values, and negative entries
	Misses int64 // callers who waited for a load, or found nothing with Get
	Stale  int64 // old values that were served while they were loaded anew
	Saved  int64 // old values that were served because a load had failed
	Late   int64 // of these, because it took longer than SoftTimeout

	Loads     int64 // that have ended well
	Failures  int64 // that have failed, timeouts included
	Negative  int64 // that said that there is nothing
	Timeouts  int64 // that took longer than LoadTimeout
	Refreshes int64 // that were begun in the background
	Dropped   int64 // whose value was not kept: something was stored or invalidated meanwhile
	Refused   int64 // that were not begun: ErrBusy
	Loading   int64 // under way now, those that were given up and have not returned included

	Evicted     int64 // entries that made room
	Invalidated int64 // entries that Invalidate and InvalidateTag, and other processes, have ended
}

// Reporter is a cache of any type, as metrics see it.
type Reporter interface {
	Name() string
	Stats() Stats
}

// StoreStats is a snapshot of a store that caches share, such as that of package cache/redis. The counts are since it was opened.
//
// Owner: whoever asked for it.
type StoreStats struct {
	Name        string
	Breaker     resilience.BreakerStats
	Listening   bool // changes of others are heard of
	Undelivered int  // changes that the store is still to be told of

	Calls    int64 // that the store has answered
	Failures int64 // those that the breaker did not let through included
	Hits     int64 // values that were found
	Misses   int64 // that were not, or were too old
	Stored   int64 // values that were stored after a load
	Lost     int64 // that were not, because of a change meanwhile, or no room
	Waits    int64 // misses that waited for the load of another process
	Invalid  int64 // values that were not what had been stored
	Bypassed int64 // loads without the store: it is down, or has not been told of a change
	Changes  int64 // keys that others have changed
	Cleared  int64 // times that all entries of this process ended, because changes may have been missed
}

// StoreReporter is a store that caches share, such as a *redis.Store of package cache/redis, as metrics see it.
type StoreReporter interface {
	Name() string
	Stats() StoreStats
}

// Stats returns a snapshot of the cache.
func (c *Cache[K, V]) Stats() Stats {
	n := &c.counts
	s := Stats{
		Name: c.name, Size: c.store.EstimatedSize(), Tags: c.tags.len(),
		Hits: n.hits.load() + n.gone.Load(), Misses: n.misses.Load(), Stale: n.stale.Load(), Saved: n.saved.Load(), Late: n.late.Load(),
		Loads: n.loaded.Load(), Failures: n.failed.Load(), Negative: n.negative.Load(), Timeouts: n.timeouts.Load(),
		Refreshes: n.refreshed.Load(), Dropped: n.dropped.Load(), Refused: n.busy.Load(), Loading: c.loads.Load(),
		Evicted: n.evicted.Load(), Invalidated: n.invalidated.Load(),
	}
	if c.cfg.MaxWeight > 0 {
		s.Weight = c.store.WeightedSize()
	}
	if c.cores != nil {
		for i := range c.cores.byCore {
			if own := c.cores.byCore[i].Load(); own != nil {
				s.Hits += own.hits.Load()
			}
		}
	}
	return s
}

// striped counts what all cores count often, without getting into each other's way.
//
// Owner: any (atomic).
type striped struct {
	stripes [8]struct {
		n metric.Shared
		_ [120]byte
	}
}

func (s *striped) add() { s.stripes[rand.Uint32()%uint32(len(s.stripes))].n.Add(1) }

func (s *striped) load() (sum int64) {
	for i := range s.stripes {
		sum += s.stripes[i].n.Load()
	}
	return sum
}
