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
// # The order
//
// The parts of a policy apply in one order, that of the fields of [Config]: the time in all,
// then the retries, and within each attempt the breaker and then the time of the attempt. So a
// breaker sees every attempt, also those that took too long; retries end when the breaker opens; and
// pauses count in the time in all.
//
// # Errors
//
// What the work fails with is returned as it is, after the last attempt. A policy's own errors
// are a [*Refusal], which an HTTP server answers with 503 and Retry-After, and a [*TimeoutError],
// answered with 504.
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
// its caller runs; a policy starts no goroutine.
//
// # What it costs
//
// A call of a future that is ready, under retries, both timeouts and a breaker, takes one
// allocation, the context of the attempt; its timer is set only when somebody waits on that
// context. A closed breaker without Rate takes no lock while calls succeed.
//
// # What it refuses
//
// Settings that cannot be meant: the constructors panic with all that is wrong with a
// declaration, with its place, in the format of all mistakes at start-up. Work whose deadline has
// passed before it began is not started.
package resilience
