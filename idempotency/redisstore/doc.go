// Package redisstore keeps idempotency keys in Redis or Valkey.
//
//	client, err := redisclient.Open("redis://cache.internal:6379")
//	keys := idempotency.New(redisstore.New(client, redisstore.Config{}), idempotency.Config{})
//
// A key is a hash with the print of its request, the token of the try that has it, the end of its lease by Redis's clock, and its answer; it
// expires with Config.Keep of package idempotency. A Redis that loses keys lets requests run again: one that must not lose them writes
// each change to disk before it answers (appendfsync always), or the keys belong in the database.
//
// The client is the caller's, also to close; one of package client/redisclient lives on whatever Redis answers. A Store is for any goroutine and any reactor. A step is one script call, on a goroutine.
// It refuses nothing.
package redisstore
