// Package redislink connects topics of package broadcast through Redis or Valkey.
//
//	client, err := redisclient.Open("redis://cache.internal:6379")
//	prices := broadcast.New("prices", broadcast.Config[Price]{Link: redislink.New(client, redislink.Config{})})
//
// # How it works
//
// The messages of a topic are a stream, "broadcast:{TOPIC}", whose entries are counted by the hash "broadcast:{TOPIC}:head". A script stores a
// message, counts it, and announces it on the channel "broadcast:{TOPIC}:news"; an instance that hears of it reads what is behind the last message it
// knows. So a lost announcement loses nothing, and a stream that Redis has lost, or has older than it was, is noticed: it gets a new epoch.
//
// # Who owns what
//
// The client is the caller's, also to close; one of package client/redisclient lives on whatever Redis answers. A Link is for any goroutine and any number of topics.
//
// # What it costs
//
// One script call to publish, and one for each instance that reads; each topic has one connection of its own in each instance, for
// announcements. Redis 5 is needed.
//
// # What it refuses
//
// A prefix or a topic with braces: they would move its keys to different nodes of a Redis cluster.
package redislink
