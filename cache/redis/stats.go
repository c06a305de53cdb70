package redis

import (
	"github.com/fasterapi/fasterapi/metric"
	"github.com/fasterapi/fasterapi/resilience"
)

// counts are the numbers of a store.
//
// Owner: any (atomic).
type counts struct {
	calls, failures, hits, misses, stored, lost, waits, invalid, changes, cleared, bypassed metric.Shared
}

// Stats is a snapshot of a Store. The counts are since it was opened.
//
// Owner: whoever asked for it.
type Stats struct {
	Breaker     resilience.BreakerStats
	Listening   bool // changes of others are heard of
	Undelivered int  // invalidations that are still to be delivered

	Calls    int64 // that Redis has answered
	Failures int64 // those that the breaker did not let through included
	Hits     int64 // values that were found
	Misses   int64 // that were not, or were too old
	Stored   int64 // values that were stored after a load
	Lost     int64 // that were not, because of a change meanwhile, or no room
	Waits    int64 // misses that waited for the load of another process
	Invalid  int64 // values that were not what had been stored
	Bypassed int64 // loads without Redis: it is down, or has not been told of a change
	Changes  int64 // keys that others have changed
	Cleared  int64 // times that all entries of this process ended, because changes may have been missed
}

// Stats returns a snapshot of the store.
func (s *Store) Stats() Stats {
	n := &s.counts
	s.mu.Lock()
	undelivered := len(s.undelivered)
	s.mu.Unlock()
	return Stats{
		Breaker: s.cfg.Breaker.Stats(), Listening: s.listening.Load(), Undelivered: undelivered,
		Calls: n.calls.Load(), Failures: n.failures.Load(), Hits: n.hits.Load(), Misses: n.misses.Load(), Stored: n.stored.Load(),
		Lost: n.lost.Load(), Waits: n.waits.Load(), Invalid: n.invalid.Load(), Bypassed: n.bypassed.Load(), Changes: n.changes.Load(), Cleared: n.cleared.Load(),
	}
}
