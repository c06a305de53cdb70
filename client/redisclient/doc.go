// Package redisclient opens clients of Redis or Valkey that a Redis which answers nonsense cannot harm.
//
//	client, err := redisclient.Open("redis://cache.internal:6379")
//	limiter := redisrate.New(client, redisrate.Config{})
//	keys := idempotency.New(redisstore.New(client, redisstore.Config{}), idempotency.Config{})
//	news := broadcast.New("news", broadcast.Config[News]{Link: redislink.New(client, redislink.Config{})})
//
// The client is one of rueidis, which one process needs once: middleware/redisrate, idempotency/redisstore and broadcast/redislink take it, and
// so does code of yours. (cache/redis has a connection of its own, which hears of changes; it is opened by its URL, and guarded too.)
//
// # Why not rueidis.NewClient
//
// rueidis trusts its server. A message that it cannot place, or a length that cannot be, is a panic on a goroutine of its own, which nobody can
// recover: the process ends. That takes no bad will, only a port where something else listens, a proxy with a fault, or a Redis whose
// memory fails. Here the connection ends instead, the calls that wait on it fail with an error that says so, and the next ones have a new connection.
// A message that comes unasked is never the answer to the next call. Where an answer is lost between others, or is one too many, calls get those to
// other calls for a second at most, until a check finds it out; the three packages see that an answer is not theirs, and so must code of yours to which
// it matters.
//
// # Who owns what
//
// The client is the caller's, also to close, behind all that use it. Any goroutine may use it; calls block, so that a handler on a reactor
// makes them by async.Go, as those packages do.
//
// # What it costs
//
// A PING a second for a connection in use. Each byte of a length is looked at once, and what strings hold is passed over: see BenchmarkGuard.
//
// # What it refuses
//
// Messages that Redis does not send: RESP3's streamed strings and aggregates, more than 16 million elements in one message, more than 128 levels.
// It cannot know whether what a message says is true, and with client-side caching ([New] without DisableCache, and DoCache) rueidis trusts
// the shape of answers to its own MULTI, too.
package redisclient
