package idempotency

import "sync/atomic"

// Stats are the counts of the requests with some keys, in this instance, since New. How many keys the store holds is not
// among them: counting them means reading all of them.
//
// Owner: any (a plain value).
type Stats struct {
	// Name is Config.Name.
	Name string
	// Runs is how many requests were the first of their key and ran, Running how many of them run now.
	Runs    uint64
	Running int64
	// Stored is how many of their answers were stored, Unsendable how many of those were streamed, too large or had trailer fields, so that a repetition gets 409.
	Stored, Unsendable uint64
	// Freed is how many keys are free again because the answer was not final.
	Freed uint64
	// Unstored is how many final answers were not stored, because the store failed or the key was not the request's any more: a
	// repetition runs again.
	Unstored uint64
	// Replayed is how many repetitions got the answer that was stored, Conflicts how many got 409 because the first request still ran, Mismatched how many
	// got 422 because their key had come with another request.
	Replayed, Conflicts, Mismatched uint64
	// Refused is how many requests had no key, none that is one, or a body that is too large.
	Refused uint64
	// StoreFailures is how many calls of the store have failed, without those for clients that have left. Unchecked is how many requests ran although
	// their key could not be looked up (Config.FailOpen).
	StoreFailures, Unchecked uint64
}

// counts are what Stats is made of.
//
// Owner: any (atomic).
type counts struct {
	runs, stored, unsendable, freed, unstored, replayed, conflicts, mismatched, refused, storeFailures, unchecked atomic.Uint64

	running atomic.Int64
}

// Name returns Config.Name.
func (k *Keys) Name() string { return k.cfg.Name }

// Stats returns the counts.
func (k *Keys) Stats() Stats {
	n := &k.counts
	return Stats{
		Name: k.cfg.Name, Runs: n.runs.Load(), Running: n.running.Load(), Stored: n.stored.Load(), Unsendable: n.unsendable.Load(), Freed: n.freed.Load(),
		Unstored: n.unstored.Load(), Replayed: n.replayed.Load(), Conflicts: n.conflicts.Load(), Mismatched: n.mismatched.Load(), Refused: n.refused.Load(),
		StoreFailures: n.storeFailures.Load(), Unchecked: n.unchecked.Load(),
	}
}
