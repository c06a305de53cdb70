// Package redis is the second level of caches, in Redis or Valkey: what one process has loaded, the others need not load,
// and what one invalidates is over in all of them.
//
//	shared := redis.Open(redis.Config{URL: "redis://cache.internal:6379"})
//	users := cache.New("users", cache.Config[int64, User]{
//		TTL:    5 * time.Minute,
//		Second: redis.Level[int64, User](shared, redis.LevelConfig[int64, User]{OneLoad: true}),
//	})
//	app.Provide(shared, fasterapi.CloseOnStop())
//	app.Provide(users)
//
// The cache is used as ever: a miss looks in Redis before it loads, and what is loaded is kept there too. With OneLoad one
// process of the whole fleet loads a key, and the others wait for it.
//
// # How it works
//
// An entry is a string in Redis, with its times, its tags and their versions. Its key is "cache:NAME:v:HASH:KEY".
// A miss takes a lease: a second key, with a time to live. What was loaded is stored only while
// the lease is still there, and every change takes it away, so a load that began before a change never overwrites it.
//
// Every process hears of every change, by client-side tracking in broadcasting mode: Redis sends the names of keys that have
// changed on the connection that asks. A connection that is lost may have missed some, so all entries of
// the process end then, and again when it is back. While nothing is heard, entries live for Config.UnheardTTL at
// most.
//
// A tag is a key too, which holds the version that entries were stored with. An entry whose tag has another version, or
// none any more, is a miss. So whatever Redis evicts or loses makes a load more, and never an old value.
//
// # What fails
//
// Redis being down, slow, full, restarted, or answering nonsense is never an error of a load: the value then comes
// from the loader. A connection that says what nobody has asked for ends there (package client/redisclient). Calls take Config.Timeout at most, and after five failures in a row a breaker spares them for a while. An
// invalidation that could not be delivered is an error of [cache.Cache.Invalidate]; it is delivered as soon as Redis
// answers again, and until then this process reads nothing from Redis. Other processes, which cannot know, serve what they
// have until its TTL is over.
//
// # Who owns what
//
// A Store has one connection to each node, joins the calls of many requests on it, and belongs to all caches that use it.
// Any goroutine and any reactor may use it; calls run on goroutines.
//
// # What it costs
//
// A miss is one round trip when the entry is in Redis, and two when it is not; entries with tags take one more. Redis
// 6 is needed, for RESP3. Values are JSON unless LevelConfig says otherwise.
//
// # What it refuses
//
// Keys of types that are neither strings nor integers, unless LevelConfig says how they are written. A value that
// is not what was stored (another key's, another type's, cut off) is a miss.
package redis
