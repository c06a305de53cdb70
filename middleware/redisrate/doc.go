// Package redisrate keeps the token buckets of rate limits in Redis or Valkey,
// so that all processes of a service share them.
//
//	client, err := redisclient.Open("redis://cache.internal:6379")
//	limiter := redisrate.New(client, redisrate.Config{})
//	app.Use(middleware.RateLimit(middleware.RateLimitConfig{Limit: limit, Limiter: limiter}))
//
// [NewLeased] takes tokens in batches, so that requests of busy keys wait for no round trip, with an error that is bounded:
//
//	limiter := redisrate.NewLeased(client, redisrate.LeasedConfig{})
//
// # Who owns what
//
// The client is the caller's, also to close; one of package client/redisclient lives on whatever Redis answers. A Limiter or Leased is for any goroutine and
// any reactor.
//
// # What it costs
//
// One script call per request, on a goroutine, while the request waits without
// holding its reactor. The client joins calls of many requests into one write. A
// key takes about 100 bytes in Redis and expires when its bucket is full. Time is
// Redis's own, so the clocks of the processes do not matter.
//
// # What it refuses
//
// A call that takes longer than Config.Timeout fails; what that means for the request is
// RateLimitConfig.FailClosed's to say.
package redisrate
