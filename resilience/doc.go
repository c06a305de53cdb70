// Package resilience says how to call what may be slow or fail: how often to try, how long to
// wait, and when to leave it alone.
//
//	var supplier = resilience.New("supplier", resilience.Config{
//		Timeout:        2 * time.Second,                      // in all
//		Retry:          resilience.Retry{Idempotent: true},   // three attempts, 50 ms and 100 ms apart
//		Breaker:        resilience.NewBreaker("supplier", resilience.BreakerConfig{Failures: 5, OpenFor: time.Minute}),
//		AttemptTimeout: 500 * time.Millisecond,               // each
//	})
//
//	// Straight line: fn blocks or awaits, with a context that ends in time.
//	price, err := supplier.Do(ctx, func(ctx context.Context) (Price, error) { return fetch(ctx, id) })
//
//	// Chain: the same for functions that return futures.
//	price := supplier.DoFuture(ctx, func(ctx context.Context) async.Future[Price] {
//		return pool.One[Price](ctx, "SELECT ...", id)
//	})
//
// A policy is declared once, with a name, and used by all who call the same thing: what it
// knows of its state and its budget is worth something only when they share it. A breaker may be
// part of several policies, and is of use alone: [Breaker.Do], [Breaker.DoFuture] and, for code
// that fits in neither, [Breaker.Allow].
//
// # The parts and their order
//
// The parts of a policy apply in one order, that of the fields of [Config], the first outermost:
//
//	Limiter         how many calls may begin in a time
//	Bulkhead        how many are under way at a time; the others wait in a bounded queue
//	Timeout         how long a call may take in all
//	Retry           another attempt after one that failed, as far as the [Budget] pays
//	Hedge           another attempt beside one that is slow
//	Breaker         no attempts for a while after many that failed
//	AttemptTimeout  how long an attempt may take
//
// So a breaker sees every attempt, also those that took too long; retries end when the breaker opens;
// pauses count in the time in all, and waiting for the limiter and the bulkhead, which have
// longest waits of their own, does not. The deadline of the caller bounds everything. [Policy.DoOr]
// and [Policy.DoFutureOr] have an answer for when all of that has failed.
//
// # What is repeated
//
// Only what certainly had no effect, and what may be done twice: see [Retry].
//
// # Errors
//
// What the work fails with is returned as it is, after the last attempt. A policy's own errors
// are a [*Refusal], which an HTTP server answers with 503 and Retry-After, and a [*TimeoutError],
// answered with 504.
//
// # What operators see
//
// A [Registry] lists the numbers of all policies and parts, and says whether a breaker that is
// critical is open. Changes of breakers are logged.
//
// # How time is told
//
// By the clock of where the context of a call runs ([async.Now]): that of its reactor, which
// tests move by hand, else the machine's. A clock that is set back or jumps ahead makes no state
// last longer than it is configured to.
//
// # Who owns what
//
// Everything here may be used by any goroutine. Functions that are given to a policy run where
// its caller runs, and later attempts of a chain on the scheduler of its context; a policy starts no
// goroutine, but for hedges of functions that block.
//
// # What it costs
//
// A call of a future that is ready, under retries, both timeouts and a breaker, takes one
// allocation, the context of the attempt; its timer is set only when somebody waits on that
// context. A closed breaker without Rate takes no lock while calls succeed.
//
// # What it refuses
//
// Settings that cannot be meant: all that is wrong with a declaration is a mistake, with its
// place, which an app reports when it starts if it is given the policy or a registry of it
// (app.Provide), or uses it around a route. Used all the same, the policy lets nothing through, and says why.
//
// Work whose deadline has passed before it began is not started.
package resilience
