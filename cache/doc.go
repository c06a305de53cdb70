// Package cache keeps results that are expensive to make, and makes each of them once.
//
//	var users = cache.New("users", cache.Config[int64, User]{
//		TTL:          5 * time.Minute,
//		StaleIfError: time.Hour, // the database is down: the old value, for an hour
//	})
//
//	func getUser(c *fasterapi.Ctx, in GetUser) (User, error) {
//		return users.GetOrLoad(c, in.ID, func(ctx context.Context) (User, error) {
//			return in.DB.One[User](ctx, "SELECT * FROM users WHERE id = $1", in.ID).Await(ctx)
//		})
//	}
//
//	users.Invalidate(c, id)       // after a change
//	users.InvalidateTag(c, "eu")  // all that bears a tag, see Config.Tags
//
// [Cache.GetOrLoadFuture] is the same for chains. A cache whose loader is always the same has it in
// Config.Load: then [Cache.Load] and [Cache.LoadFuture] take only the key, and a hit allocates nothing,
// not even a closure. [Cache.Get] and [Cache.Set] are there for the rest, and [Memoize]
// remembers the results of a function.
//
// # The life of an entry
//
//	stored        fresh              stale, while it is loaded anew        stale, if that fails
//	|-------------------|--------|------------------------------------|---------------------------|
//	                    early                                  StaleWhileRevalidate          StaleIfError
//
// While it is fresh (TTL, less Jitter) an entry is a hit. In the last part of that (EarlyRefresh)
// a hit also begins a load in the background, so that what is used stays fresh. For StaleWhileRevalidate more
// callers get the old value at once while one load is under way. For StaleIfError, counted from
// the same moment, they wait for a load, but get the old value when that fails, or takes longer than
// SoftTimeout; a load that took longer goes on, and what it brings is kept. Errors that say that there is
// nothing (404, 410, see Config.Negative) are entries too, for NegativeTTL, and no reason to
// show what was there before.
//
// # One load
//
// Callers who miss the same key at the same time share one load. It belongs to none of them: it has
// a context of its own, with nothing of any request in it but its reactor, and ends after LoadTimeout.
// A caller who leaves gets their own error and the others the value. A load that panics, or calls
// runtime.Goexit, is an error for all who wait. One that never returns is an error after LoadTimeout, and
// counts against Config.Loads until it does return, so that a hanging database costs a bounded number of goroutines.
//
// A value that is stored, and an invalidation, during a load win: what the load brings is given to those who
// asked before, and not kept. So an entry older than its invalidation is never served.
//
// # Who owns what
//
// Any goroutine and any reactor may use a Cache. Values are shared by all who ask for them, at the same time and
// later: they must not be changed, and neither must what they point to.
//
// The store is maypok86/otter, whose policy (W-TinyLFU) decides what stays. With Config.PerCore each reactor
// has a map of its own before it, which code on the reactor (OnReactor, chains) reads without a lock; its entries
// are the shared ones, with one flag that says that they are over, so an invalidation holds for all cores at once.
//
// Time is that of Config.Clock, else of the reactor of the caller (see fasterapi.Config.Clock), else the machine's.
//
// # What it costs
//
// A hit takes a look at the clock and one in the table: make bench-resilience, bench/RESULTS.md. An entry takes about
// 200 bytes besides key and value. A load costs a goroutine (functions) or nothing more (futures).
//
// # What it refuses
//
// Settings without sense: an app that provides the cache does not start, and says all of them, see [Cache.Mistake]. More loads at the same time than Config.Loads: [ErrBusy].
package cache
