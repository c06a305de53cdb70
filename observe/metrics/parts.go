package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fasterapi/fasterapi/broadcast"
	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/client"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/idempotency"
	"github.com/fasterapi/fasterapi/observe"
	"github.com/fasterapi/fasterapi/resilience"
)

var poolNumbers = numbers("fasterapi_pool_", []string{"pool"},
	gauged("connections", "Open connections.", func(s *db.Stats) int { return s.Open }),
	gauged("connections_idle", "Connections with nothing to do.", func(s *db.Stats) int { return s.Idle }),
	gauged("connections_busy", "Connections that run a statement or are held.", func(s *db.Stats) int { return s.Busy }),
	gauged("calls_waiting", "Calls that wait for a connection.", func(s *db.Stats) int { return s.Waiting }),
	gauged("calls_in_flight", "Calls given to connections.", func(s *db.Stats) int { return s.InFlight }),
	counted("waits_total", "Calls that had to wait for a connection.", func(s *db.Stats) uint64 { return s.Waits }),
	timed("wait_seconds_total", "Their waiting.", func(s *db.Stats) time.Duration { return s.WaitTime }),
	counted("queries_total", "Finished calls, however they ended.", func(s *db.Stats) uint64 { return s.Queries }),
	counted("errors_total", "Calls that failed other than by cancellation.", func(s *db.Stats) uint64 { return s.Errors }),
	counted("cancelled_total", "Calls that their caller has cancelled.", func(s *db.Stats) uint64 { return s.Cancelled }),
	counted("exhausted_total", "Calls that found no connection in time.", func(s *db.Stats) uint64 { return s.Exhausted }),
	counted("broken_total", "Connections that were lost.", func(s *db.Stats) uint64 { return s.Broken }),
	counted("reconnects_total", "Connections opened in place of those.", func(s *db.Stats) uint64 { return s.Reconnects }),
	counted("leaks_total", "Transactions and streams that the log names for doing nothing.", func(s *db.Stats) uint64 { return s.Leaks }),
)

var cacheNumbers = numbers("fasterapi_cache_", []string{"cache"},
	gauged("entries", "Entries.", func(s *cache.Stats) int { return s.Size }),
	counted("hits_total", "Callers who found a fresh value.", func(s *cache.Stats) int64 { return s.Hits }),
	counted("misses_total", "Callers who waited for a load, or found nothing.", func(s *cache.Stats) int64 { return s.Misses }),
	counted("stale_total", "Old values served while they were loaded anew.", func(s *cache.Stats) int64 { return s.Stale }),
	counted("saved_total", "Old values served because a load had failed.", func(s *cache.Stats) int64 { return s.Saved }),
	counted("loads_total", "Loads that have ended well.", func(s *cache.Stats) int64 { return s.Loads }),
	counted("failures_total", "Loads that have failed.", func(s *cache.Stats) int64 { return s.Failures }),
	counted("refused_total", "Loads that were not begun, because too many were under way.", func(s *cache.Stats) int64 { return s.Refused }),
	gauged("loading", "Loads under way.", func(s *cache.Stats) int64 { return s.Loading }),
	counted("evicted_total", "Entries that made room.", func(s *cache.Stats) int64 { return s.Evicted }),
	counted("invalidated_total", "Entries that were ended by whoever changed what they are about.", func(s *cache.Stats) int64 { return s.Invalidated }),
)

var storeNumbers = numbers("fasterapi_cache_store_", []string{"store"},
	counted("calls_total", "Calls that the store has answered.", func(s *cache.StoreStats) int64 { return s.Calls }),
	counted("failures_total", "Calls that have failed, those that its breaker did not let through included.", func(s *cache.StoreStats) int64 { return s.Failures }),
	counted("spared_total", "Calls that its breaker did not let through.", func(s *cache.StoreStats) int64 { return s.Breaker.Refused }),
	counted("opened_total", "How often its breaker has opened.", func(s *cache.StoreStats) int64 { return s.Breaker.Opened }),
	gauged("open", "1 unless its breaker is closed.", func(s *cache.StoreStats) int { return oneIf(s.Breaker.State != resilience.Closed) }),
	gauged("listening", "1 while changes of other instances are heard of; 0 also before the store is used.", func(s *cache.StoreStats) int { return oneIf(s.Listening) }),
	gauged("undelivered", "Changes that the store is still to be told of; nothing is read from it until then.", func(s *cache.StoreStats) int { return s.Undelivered }),
	counted("hits_total", "Values that were found.", func(s *cache.StoreStats) int64 { return s.Hits }),
	counted("misses_total", "Values that were not found, or were too old.", func(s *cache.StoreStats) int64 { return s.Misses }),
	counted("stored_total", "Values that were stored after a load.", func(s *cache.StoreStats) int64 { return s.Stored }),
	counted("lost_total", "Values that were not stored after a load: something was changed meanwhile, there is no room, or the store has failed.", func(s *cache.StoreStats) int64 { return s.Lost }),
	counted("waits_total", "Misses that waited for the load of another instance.", func(s *cache.StoreStats) int64 { return s.Waits }),
	counted("invalid_total", "Values that were not what had been stored.", func(s *cache.StoreStats) int64 { return s.Invalid }),
	counted("bypassed_total", "Loads without the store: it is down, full, or has not been told of a change.", func(s *cache.StoreStats) int64 { return s.Bypassed }),
	counted("changes_total", "Keys that other instances have changed.", func(s *cache.StoreStats) int64 { return s.Changes }),
	counted("cleared_total", "How often all entries of this instance ended, because changes may have been missed.", func(s *cache.StoreStats) int64 { return s.Cleared }),
)

var policyNumbers = numbers("fasterapi_policy_", []string{"policy"},
	counted("calls_total", "Calls.", func(s *resilience.PolicyStats) int64 { return s.Calls }),
	counted("failures_total", "Calls that have failed for good.", func(s *resilience.PolicyStats) int64 { return s.Failures }),
	counted("retries_total", "Attempts after the first.", func(s *resilience.PolicyStats) int64 { return s.Retries }),
	counted("unpaid_total", "Retries and hedges that the budget did not pay for.", func(s *resilience.PolicyStats) int64 { return s.Unpaid }),
	counted("timeouts_total", "Attempts that took too long.", func(s *resilience.PolicyStats) int64 { return s.Timeouts }),
	counted("late_total", "Calls not begun because the deadline of their caller had passed.", func(s *resilience.PolicyStats) int64 { return s.Late }),
	counted("fallbacks_total", "Calls of a fallback.", func(s *resilience.PolicyStats) int64 { return s.Fallbacks }),
	counted("hedges_total", "Attempts made beside a slow one.", func(s *resilience.PolicyStats) int64 { return s.Hedges }),
	counted("hedges_won_total", "Attempts made beside a slow one that were first.", func(s *resilience.PolicyStats) int64 { return s.HedgesWon }),
)

var breakerNumbers = numbers("fasterapi_breaker_", []string{"breaker"},
	counted("successes_total", "Calls that have ended well.", func(s *resilience.BreakerStats) int64 { return s.Successes }),
	counted("failures_total", "Calls that have failed.", func(s *resilience.BreakerStats) int64 { return s.Failures }),
	counted("refused_total", "Calls that it did not let through.", func(s *resilience.BreakerStats) int64 { return s.Refused }),
	counted("opened_total", "How often it has opened.", func(s *resilience.BreakerStats) int64 { return s.Opened }),
	gauged("open", "1 unless it is closed.", func(s *resilience.BreakerStats) int { return oneIf(s.State != resilience.Closed) }),
)

var limiterNumbers = numbers("fasterapi_limiter_", []string{"limiter"},
	counted("passed_total", "Calls that passed.", func(s *resilience.LimiterStats) int64 { return s.Passed }),
	counted("refused_total", "Calls that were too many.", func(s *resilience.LimiterStats) int64 { return s.Refused }),
	counted("broken_total", "Calls that passed because the buckets failed.", func(s *resilience.LimiterStats) int64 { return s.Broken }),
)

var budgetNumbers = numbers("fasterapi_budget_", []string{"budget"},
	counted("paid_total", "Retries and hedges that it has paid for.", func(s *resilience.BudgetStats) int64 { return s.Paid }),
	counted("unpaid_total", "Retries and hedges that it has not paid for.", func(s *resilience.BudgetStats) int64 { return s.Unpaid }),
)

var bulkheadNumbers = numbers("fasterapi_bulkhead_", []string{"bulkhead"},
	gauged("places", "Calls that may be under way at a time.", func(s *resilience.BulkheadStats) int { return s.Units }),
	gauged("places_free", "Places that no call has.", func(s *resilience.BulkheadStats) int { return s.Free }),
	gauged("calls_waiting", "Calls that wait for a place.", func(s *resilience.BulkheadStats) int { return s.Waiting }),
	counted("entered_total", "Calls that got a place.", func(s *resilience.BulkheadStats) int64 { return s.Granted }),
	counted("full_total", "Calls refused because too many were waiting.", func(s *resilience.BulkheadStats) int64 { return s.Rejected }),
	counted("waited_total", "Calls refused because they had waited for too long.", func(s *resilience.BulkheadStats) int64 { return s.Waited }),
	counted("left_total", "Calls that waited in vain, because they had for too long or their caller has left.", func(s *resilience.BulkheadStats) int64 { return s.Abandoned }),
)

var upstreamNumbers = numbers("fasterapi_upstream_", []string{"upstream"},
	counted("attempts_total", "Requests sent to it, or tried to.", func(s *client.UpstreamStats) int64 { return s.Attempts }),
	counted("answers_total", "Attempts that had an answer, whatever its status.", func(s *client.UpstreamStats) int64 { return s.Answers }),
	counted("failures_total", "Attempts without an answer, and those with a status that is a failure.", func(s *client.UpstreamStats) int64 { return s.Failures }),
	gauged("attempts_in_flight", "Attempts under way.", func(s *client.UpstreamStats) int64 { return s.InFlight }),
	counted("dialled_total", "Connections made to it, or to a proxy in front of it.", func(s *client.UpstreamStats) int64 { return s.Dialled }),
	gauged("connections", "Open connections, in use or kept for the next call.", func(s *client.UpstreamStats) int64 { return s.Open }),
)

var topicNumbers = numbers("fasterapi_broadcast_", []string{"topic"},
	gauged("subscribers", "Subscribers in this instance.", func(s *broadcast.Stats) int { return s.Subscribers }),
	counted("published_total", "Messages that this instance has published for all.", func(s *broadcast.Stats) uint64 { return s.Published }),
	counted("local_only_total", "Messages that reached this instance only, because the backend did not answer.", func(s *broadcast.Stats) uint64 { return s.LocalOnly }),
	counted("received_total", "Messages that have come from the backend, those of this instance included.", func(s *broadcast.Stats) uint64 { return s.Received }),
	counted("delivered_total", "Messages handed to subscribers, one for each of them.", func(s *broadcast.Stats) uint64 { return s.Delivered }),
	counted("dropped_total", "Messages that subscribers have missed because they were too slow, one for each of them.", func(s *broadcast.Stats) uint64 { return s.Dropped }),
	counted("overtaken_total", "How often a subscriber was too slow.", func(s *broadcast.Stats) uint64 { return s.Overtaken }),
	counted("gaps_total", "Gaps that all subscribers were told of.", func(s *broadcast.Stats) uint64 { return s.Gaps }),
	gauged("connected", "1 while the backend is heard, or where there is none; 0 also before the topic is used.", func(s *broadcast.Stats) int { return oneIf(s.Connected) }),
	counted("losses_total", "How often the backend was not heard any more, or not from the beginning.", func(s *broadcast.Stats) uint64 { return s.Losses }),
	counted("reconnects_total", "How often it was heard after that.", func(s *broadcast.Stats) uint64 { return s.Reconnects }),
)

var keyNumbers = numbers("fasterapi_idempotency_", []string{"keys"},
	counted("runs_total", "Requests that were the first of their key, and ran.", func(s *idempotency.Stats) uint64 { return s.Runs }),
	gauged("running", "Those of them that run now.", func(s *idempotency.Stats) int64 { return s.Running }),
	counted("stored_total", "Answers that were stored.", func(s *idempotency.Stats) uint64 { return s.Stored }),
	counted("unsendable_total", "Those of them that were streamed, too large or had trailer fields: a repetition gets 409.", func(s *idempotency.Stats) uint64 { return s.Unsendable }),
	counted("freed_total", "Keys that are free again because the answer was not final.", func(s *idempotency.Stats) uint64 { return s.Freed }),
	counted("unstored_total", "Final answers that were not stored: a repetition runs again.", func(s *idempotency.Stats) uint64 { return s.Unstored }),
	counted("replayed_total", "Repetitions that got the answer that was stored.", func(s *idempotency.Stats) uint64 { return s.Replayed }),
	counted("conflicts_total", "Repetitions that got 409 because the first request still ran.", func(s *idempotency.Stats) uint64 { return s.Conflicts }),
	counted("mismatched_total", "Requests that got 422 because their key had come with another request.", func(s *idempotency.Stats) uint64 { return s.Mismatched }),
	counted("refused_total", "Requests without a key, with a bad one, or with a body that is too large.", func(s *idempotency.Stats) uint64 { return s.Refused }),
	counted("store_failures_total", "Calls of the store that have failed.", func(s *idempotency.Stats) uint64 { return s.StoreFailures }),
	counted("unchecked_total", "Requests that ran although the store had failed.", func(s *idempotency.Stats) uint64 { return s.Unchecked }),
)

var roleNumbers = numbers("fasterapi_leader_", []string{"role"},
	gauged("leads", "1 while this instance has the role.", func(s *observe.RoleStats) int { return oneIf(s.Leads) }),
	gauged("term", "Number of the present term, or of the last one that this instance had.", func(s *observe.RoleStats) int64 { return s.Term }),
	counted("gained_total", "How often this instance got the role.", func(s *observe.RoleStats) uint64 { return s.Gained }),
	counted("lost_total", "How often it ceased to have it.", func(s *observe.RoleStats) uint64 { return s.Lost }),
	counted("failures_total", "How often its connection failed or could not be made.", func(s *observe.RoleStats) uint64 { return s.Failures }),
	moment("last_failure_timestamp_seconds", "When that was last, since 1970; 0: never.", func(s *observe.RoleStats) time.Time { return s.FailedAt }),
)

var jobNumbers = numbers("fasterapi_schedule_", []string{"scheduled_job"},
	counted("runs_total", "Runs of a job that have ended.", func(s *observe.JobStats) uint64 { return s.Runs }),
	counted("failures_total", "Those of them that have failed.", func(s *observe.JobStats) uint64 { return s.Failed }),
	counted("missed_total", "Times that have passed without a run.", func(s *observe.JobStats) uint64 { return s.Missed }),
	counted("overruns_total", "Runs that were still going on when the next time came.", func(s *observe.JobStats) uint64 { return s.Overrun }),
	gauged("running", "1 while the job runs.", func(s *observe.JobStats) int { return oneIf(s.Running) }),
	timed("run_seconds_total", "Time of all runs that have ended.", func(s *observe.JobStats) time.Duration { return s.Total }),
	lasting("last_run_duration_seconds", "Time of the last run that has ended.", func(s *observe.JobStats) time.Duration { return s.Took }),
	moment("last_run_timestamp_seconds", "When the last run began, since 1970; 0: there was none.", func(s *observe.JobStats) time.Time { return s.Began }),
	moment("last_success_timestamp_seconds", "When a run last ended well, since 1970; 0: none has.", func(s *observe.JobStats) time.Time { return s.Succeeded }),
	moment("last_failure_timestamp_seconds", "When a run last failed, or could not begin, since 1970; 0: none has.", func(s *observe.JobStats) time.Time { return s.FailedAt }),
	moment("next_run_timestamp_seconds", "The next time of the job, since 1970; 0: there is none.", func(s *observe.JobStats) time.Time { return s.Next }),
)

// oneIf is the value of a gauge that says yes or no.
func oneIf(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// parts collects what pools, caches and their stores, upstreams, topics, keys, roles, jobs and policies have counted.
//
// Owner: any (immutable once made).
type parts struct{ m *Metrics }

// Describe implements [prometheus.Collector].
func (*parts) Describe(to chan<- *prometheus.Desc) {
	describe(to, poolNumbers)
	describe(to, cacheNumbers)
	describe(to, storeNumbers)
	describe(to, policyNumbers)
	describe(to, breakerNumbers)
	describe(to, limiterNumbers)
	describe(to, budgetNumbers)
	describe(to, bulkheadNumbers)
	describe(to, upstreamNumbers)
	describe(to, topicNumbers)
	describe(to, keyNumbers)
	describe(to, roleNumbers)
	describe(to, jobNumbers)
}

// Collect implements [prometheus.Collector].
func (p *parts) Collect(to chan<- prometheus.Metric) {
	for _, one := range p.m.pools {
		s := one.pool.Stats()
		collect(to, poolNumbers, &s, one.name)
	}
	for _, one := range p.m.caches {
		s := one.Stats()
		collect(to, cacheNumbers, &s, one.Name())
	}
	for _, one := range p.m.stores {
		s := one.Stats()
		collect(to, storeNumbers, &s, one.Name())
	}
	for _, one := range p.m.upstreams {
		s := one.Stats()
		collect(to, upstreamNumbers, &s, one.Name())
	}
	for _, one := range p.m.topics {
		s := one.Stats()
		collect(to, topicNumbers, &s, one.Name())
	}
	for _, one := range p.m.keys {
		s := one.Stats()
		collect(to, keyNumbers, &s, one.Name())
	}
	for _, one := range p.m.roles {
		s := one.Stats()
		collect(to, roleNumbers, &s, s.Role)
	}
	var jobs []observe.JobStats
	for _, one := range p.m.schedules {
		jobs = append(jobs, one.Stats()...)
	}
	each(to, jobNumbers, jobs, func(s *observe.JobStats) string { return s.Job })
	p.policies(to)
}

// policies collects what is in the registry.
func (p *parts) policies(to chan<- prometheus.Metric) {
	if p.m.policies == nil {
		return
	}
	all := p.m.policies.Stats()
	each(to, policyNumbers, all.Policies, func(s *resilience.PolicyStats) string { return s.Name })
	each(to, breakerNumbers, all.Breakers, func(s *resilience.BreakerStats) string { return s.Name })
	each(to, limiterNumbers, all.Limiters, func(s *resilience.LimiterStats) string { return s.Name })
	each(to, budgetNumbers, all.Budgets, func(s *resilience.BudgetStats) string { return s.Name })
	each(to, bulkheadNumbers, all.Bulkheads, func(s *resilience.BulkheadStats) string { return s.Name })
}

// each collects a list, of which the first of each name counts: two would be one series twice.
func each[S any](to chan<- prometheus.Metric, list []number[S], all []S, name func(*S) string) {
	seen := map[string]bool{}
	for i := range all {
		if n := name(&all[i]); !seen[n] {
			seen[n] = true
			collect(to, list, &all[i], n)
		}
	}
}
