package resilience

import (
	"github.com/fasterapi/fasterapi/async"
)

// Stats are the numbers of everything in a [Registry], each list by the order of adding. The
// counts are since the parts were made.
//
// Owner: any (a plain value).
type Stats struct {
	Policies  []PolicyStats
	Breakers  []BreakerStats
	Budgets   []BudgetStats
	Bulkheads []BulkheadStats
	Limiters  []LimiterStats
}

// PolicyStats are the numbers of a [Policy].
//
// Owner: any (a plain value).
type PolicyStats struct {
	Name      string
	Calls     int64 // made by users of the policy
	Failures  int64 // calls that have failed for good, refused ones as well
	Retries   int64 // attempts after the first of a call
	Unpaid    int64 // retries and hedges that the budget did not pay for
	Timeouts  int64 // attempts that took too long
	Late      int64 // calls not begun because the deadline of their caller had passed
	Fallbacks int64 // calls of a fallback
	Hedges    int64 // attempts made beside a slow one
	HedgesWon int64 // those that were first
}

// Stats returns the numbers of the policy.
func (p *Policy) Stats() PolicyStats {
	return PolicyStats{
		Name: p.name, Calls: p.calls.Load(), Failures: p.failures.Load(), Retries: p.retries.Load(),
		Unpaid: p.unpaid.Load(), Timeouts: p.timeouts.Load(), Late: p.late.Load(), Fallbacks: p.fallbacks.Load(),
		Hedges: p.hedges.Load(), HedgesWon: p.hedgesWon.Load(),
	}
}

// BreakerStats are the numbers of a [Breaker].
//
// Owner: any (a plain value).
type BreakerStats struct {
	Name      string
	State     State
	Critical  bool
	Successes int64
	Failures  int64
	Refused   int64 // calls that it did not let through
	Opened    int64 // how often it has opened
}

// Stats returns the numbers of the breaker.
func (b *Breaker) Stats() BreakerStats {
	return BreakerStats{
		Name: b.name, State: b.State(), Critical: b.cfg.Critical, Successes: b.passed.Load(),
		Failures: b.failed.Load(), Refused: b.refused.Load(), Opened: b.opened.Load(),
	}
}

// BudgetStats are the numbers of a [Budget].
//
// Owner: any (a plain value).
type BudgetStats struct {
	Name   string
	Paid   int64 // retries and hedges
	Unpaid int64 // those that it did not pay for
}

// Stats returns the numbers of the budget.
func (b *Budget) Stats() BudgetStats {
	return BudgetStats{Name: b.name, Paid: b.used.Load(), Unpaid: b.denied.Load()}
}

// BulkheadStats are the numbers of a [Bulkhead]: Units are its places, Rejected are the calls that
// found the queue full.
//
// Owner: any (a plain value).
type BulkheadStats struct {
	Name string
	async.SemaphoreStats
	Waited int64 // calls that had no place after the longest wait
}

// Stats returns the numbers of the bulkhead.
func (b *Bulkhead) Stats() BulkheadStats {
	return BulkheadStats{Name: b.name, SemaphoreStats: b.places.Stats(), Waited: b.waited.Load()}
}

// LimiterStats are the numbers of a [Limiter].
//
// Owner: any (a plain value).
type LimiterStats struct {
	Name    string
	Passed  int64
	Refused int64
	Broken  int64 // calls that passed because the buckets failed
}

// Stats returns the numbers of the limiter.
func (l *Limiter) Stats() LimiterStats {
	return LimiterStats{Name: l.name, Passed: l.passed.Load(), Refused: l.refused.Load(), Broken: l.broken.Load()}
}

// Stats returns the numbers of everything that r knows.
func (r *Registry) Stats() (s Stats) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Stats{
		Policies: statsOf(r.policies, (*Policy).Stats), Breakers: statsOf(r.breakers, (*Breaker).Stats),
		Budgets: statsOf(r.budgets, (*Budget).Stats), Bulkheads: statsOf(r.bulkheads, (*Bulkhead).Stats),
		Limiters: statsOf(r.limiters, (*Limiter).Stats),
	}
}

func statsOf[P, S any](list []P, stats func(P) S) []S {
	out := make([]S, 0, len(list))
	for _, p := range list {
		out = append(out, stats(p))
	}
	return out
}
