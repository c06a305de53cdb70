// Package pglink connects topics of package broadcast through PostgreSQL.
//
//	if _, err := pool.Exec(ctx, pglink.Schema).Await(ctx); err != nil { … } // or in your migrations
//	prices := broadcast.New("prices", broadcast.Config[Price]{Link: pglink.New(pool)})
//
// # How it works
//
// A message is a row, counted by the row of its topic and announced by NOTIFY, all in one statement. An instance that hears of it reads what is behind
// the last message it knows, so announcements may get lost, and messages may be larger than the 8,000 bytes of NOTIFY. The row of the topic is locked until the message is
// committed: messages of a topic are stored one after another, in the order in which they are seen.
//
// # Who owns what
//
// The pool is the caller's, also to close. A Link is for any goroutine and any number of topics.
//
// # What it costs
//
// One statement to publish, and one for each instance that reads; each topic has one connection of its own in each instance, for
// announcements, beside the pool's. Some thousand messages a second are too many for it: use Redis.
//
// # What it refuses
//
// A pool of another driver, and one through a pooler that shares connections: LISTEN does not work there (see pg.Listen).
package pglink
