// Package leader makes one of many instances the leader of a role: what must run once in the whole service runs there.
//
//	if _, err := pool.Exec(ctx, leader.Schema).Await(ctx); err != nil { … } // or in your migrations
//	billing := leader.New(pool, "billing", leader.Config{})
//	billing.Attach(app)
//	…
//	err := billing.Do(ctx, func(ctx context.Context, term leader.Term) error { … })
//
// # How it works
//
// The leader holds an advisory lock of PostgreSQL on a connection of its own; the others try to get it from time to time. A leader whose
// connection is lost ceases to be one at once: the context of what it does ends, before it tries again. The server frees the lock when it notices the loss itself, so
// for a moment there may be none, and, where a network breaks, an old leader that has not noticed yet beside a new one.
//
// That is what terms are for: each leader has a number that is larger than those before it (a fencing token). [Term.Check] holds it against the table in the
// transaction that does the work: an old leader then changes nothing, not even in the moment in which it has not noticed.
//
// # Who owns what
//
// The pool is the caller's. A Role is for any goroutine. It has one goroutine and one connection from its start to its end.
//
// # What it costs
//
// A statement per second and role in each instance (Config.Check).
//
// # What it refuses
//
// A pool of another driver, and one through a pooler that shares connections.
package leader
