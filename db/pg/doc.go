// Package pg is the Postgres driver: connections that belong to the reactors and
// are shared by many queries at a time.
//
//	pool, err := pg.Open(ctx, pg.Config{URL: os.Getenv("DATABASE_URL")})
//	app.Provide(pool)
//
// # The way of a query
//
//	Pool.One ---> driver.Start        which core: the caller's own (driver.go)
//	                 | direct on its reactor, else through the inbox
//	              core.take           a statement of the cache (statement.go)
//	                 |
//	              core.place          the shortest pipeline, never behind something
//	                 |                slow; else it waits (place.go)
//	              conn.run            prepared here? Bind+Execute+Sync into the
//	                 |                write buffer, a unit into the pipeline (run.go)
//	              flusher             one write for all queries of a turn (conn.go)
//	                 v  server
//	              conn.Ready          whole messages of what was read (receive.go)
//	                 |  DataRow: each value straight into the user's struct
//	              conn.ready          ReadyForQuery: the unit is done (answer.go)
//	                 |
//	              core.finish ---> the promise; the continuation runs as a task
//
// Every query is a transaction of its own, ends with a Sync of its own, and its error
// touches nobody else. Config.ShortReads can have short SELECTs that leave in one
// write share one, and run again alone when one of them fails or is held up
// (share.go, group.go, db/internal/sqltext). Transactions are begun with Pool.Tx: a BEGIN
// as a statement is refused, since connections are shared.
//
// # Transactions and streams
//
// Transactions, streams (Each) and batches whose rows decide about their success
// hold a connection alone: a session (session.go). It runs its queries one after
// the other. A stream executes a portal portion by portion, so the server
// computes rows as fast as they are read.
//
// # Poolers
//
// Before a connection is used the pool finds out whether there is a pooler before
// the server (pooler.go). Then it names no statements, unless it is told that they
// are safe, and keeps StatementTimeout itself. Names are hashes of the statements'
// texts, so where they are not safe after all a statement is missing, and prepared
// again, but never another one.
//
// # Which goroutine owns what
//
// A core, its connections, statements and sessions belong to their reactor. Other
// goroutines reach it through the inbox and through posted tasks. Connecting,
// cancel requests and the rows of CopyFrom run on goroutines, which post what
// they have. Row plans are immutable.
//
// A pool without reactors, in a command or a test, starts one of its own when it
// is first used. An app moves the pool to its reactors with UseReactors and off
// them with LeaveReactors; *db.Pool.Driver() has both methods.
//
// # Cancellation
//
// Who cancels gets his answer at once. A query that waits is dropped. One that
// has been sent is abandoned: when it is the one that the server works on and
// does not end within 2 ms, a cancel request follows. Such a request may hit the
// next query of the same connection; that one is run again, since its transaction
// was rolled back.
//
// # Failure
//
// When a connection breaks, what was not written yet, or was behind the statement
// that an orderly shutdown ended, runs again elsewhere; what may have run fails
// with a *db.Error whose SafeToRetry is false, unless it was in a transaction
// that had not been committed. Connections are made anew with growing pauses; in
// the meantime calls wait for AcquireTimeout.
//
// # What it costs
//
// Nothing is allocated per query beyond what package db does. A query costs about
// 3 us of the client's processor at 64 in flight, system calls included.
//
// # What it refuses
//
// COPY as a statement (CopyFrom does that), several statements in a call that has
// parameters or wants rows, time.Time for infinity, and calls whose parameters do
// not fit the statement. It needs a platform with epoll or kqueue.
package pg
