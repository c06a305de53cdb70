package redis

import (
	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/metric"
)

// counts are the numbers of a store.
//
// Owner: any (atomic).
type counts struct {
	calls, failures, hits, misses, stored, lost, waits, invalid, changes, cleared, bypassed metric.Shared
}

// Stats is a snapshot of a Store.
type Stats = cache.StoreStats

// Name returns the name of the store in metrics: Config.Name.
func (s *Store) Name() string { return s.cfg.Name }

// Stats returns a snapshot of the store.
func (s *Store) Stats() Stats {
	n := &s.counts
	s.mu.Lock()
	undelivered := len(s.undelivered)
	s.mu.Unlock()
	return Stats{
		Name: s.cfg.Name, Breaker: s.cfg.Breaker.Stats(), Listening: s.listening.Load(), Undelivered: undelivered,
		Calls: n.calls.Load(), Failures: n.failures.Load(), Hits: n.hits.Load(), Misses: n.misses.Load(), Stored: n.stored.Load(),
		Lost: n.lost.Load(), Waits: n.waits.Load(), Invalid: n.invalid.Load(), Bypassed: n.bypassed.Load(), Changes: n.changes.Load(), Cleared: n.cleared.Load(),
	}
}
