// Package broadcast tells all clients of a service what happens, whichever instance they are connected to: topics of
// typed messages for server-sent events and WebSockets.
//
//	prices := broadcast.New("prices", broadcast.Config[Price]{Link: redislink.New(client, redislink.Config{})})
//	app.Provide(prices, fasterapi.CloseOnStop())
//
//	app.Get("/prices/events", func(c *fasterapi.Ctx, in struct {
//		Prices *broadcast.Topic[Price] `inject:""`
//	}) (fasterapi.SSE[Price], error) {
//		return in.Prices.SSE(c, broadcast.Subscription[Price]{})
//	})
//
//	id, err := prices.Publish(ctx, Price{"ACME", 12}).Await(ctx)
//
// Without a Link a topic is that of one process. Packages broadcast/redislink and broadcast/pglink have links to Redis, Valkey and
// PostgreSQL.
//
// # What a subscriber gets
//
// Messages in one order, which is the same for all subscribers of all instances, each once. What a subscriber has missed, or may
// have missed, is marked where it is missing: a [Message] with Gap set, in event streams an event called
// "gap". After a gap a client loads what it shows anew. There is a gap
//   - behind a Last-Event-ID that is older than the messages that are kept (Config.History);
//   - where a slow subscriber has been overtaken, unless Config.Slow says that it is disconnected;
//   - where the connection to the backend was lost and is back;
//   - where an instance without a connection has told its own subscribers only, and is back;
//   - where the backend has lost messages, or has one that cannot be read.
//
// While the backend is away, Publish reaches the subscribers of its own instance and fails with [ErrLocalOnly].
//
// # Reading order
//
//   - topic.go: a topic, what is published
//   - subscribe.go: who listens, as an event stream, a WebSocket or a loop
//   - history.go: the messages that are kept, and where a reader stands
//   - follow.go: what other instances publish
//   - stats.go: what is counted
//   - position.go: places in a topic as clients know them
//
// # Who owns what
//
// A Topic is for any goroutine. A value that was published is shared by all subscribers of the instance: nobody may change it. A topic with
// a Link has two goroutines from its first use to Close.
//
// # What it costs
//
// A subscriber is a place in the history that all share, so a slow one costs no memory. Publishing wakes each subscriber's goroutine. With a
// Link it is one round trip, and each message is decoded once per instance.
//
// # What it refuses
//
// A topic without a name, or a History below 1. A message that JSON cannot say is an error of Publish.
package broadcast
