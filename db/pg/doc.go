// Package pg opens Postgres databases as a [db.Pool]:
//
//	pool, err := pg.Open(ctx, pg.Config{URL: os.Getenv("DATABASE_URL")})
//	if err != nil {
//		log.Fatal(err)
//	}
//	app.Provide(pool, fasterapi.CloseOnStop())
//
// and a handler with a field DB *db.Pool `inject:""` asks it:
//
//	user, err := in.DB.One[User](c, "SELECT id, name FROM users WHERE id = $1", in.ID).Await(c)
//
// Queries, batches, transactions and the mapping of rows are described in package db. Here are
// [Open], its [Config], and what only Postgres has: [CopyFrom] loads many rows, [Listen]
// yields the notifications of channels.
//
// What the URL leaves out comes from PGHOST, PGUSER and the other variables of libpq. Each
// core has connections of its own, 1 to 10 unless Config says otherwise: the server
// sees up to MaxConns times the number of cores. Statements end after 30 s unless StatementTimeout or
// the URL says otherwise. A pool works without an app too, in commands and tests.
//
// # What is different from other drivers
//
// A connection is not lent to one caller: queries of many callers are on their way on it at the
// same time. So what a statement changes in the session (SET, temporary tables, session locks) belongs into
// a transaction, see docs/hazards/session-state-through-the-pool.md, and BEGIN as a statement is
// refused: [db.Pool.Tx] begins transactions, and runs them again after a serialization failure.
// Errors are *[db.Error]s: [db.KindOf] tells what they are about, [db.SafeToRetry] whether the
// statement has certainly not happened.
//
// # How it works: the way of a query
//
// Connections belong to the reactors.
//
//	Pool.One ---> database.Start      which core: the caller's own (driver.go)
//	                 | direct on its reactor, else through the inbox
//	              core.take           a statement of the cache (pool.go)
//	                 |
//	              core.place          the shortest pipeline, never behind something
//	                 |                slow; else it waits (pool_place.go)
//	              conn.run            prepared here? Bind+Execute+Sync into the write
//	                 |                buffer, a unit into the pipeline (pipeline_run.go)
//	              flusher             one write for all queries of a turn
//	                 v  server        (pipeline_write.go)
//	              conn.Ready          whole messages of what was read (pipeline_read.go)
//	                 |  DataRow: each value straight into the user's struct
//	              conn.ready          ReadyForQuery: the unit is done (pipeline_answer.go)
//	                 |
//	              core.finish ---> the promise; the continuation runs as a task (query.go)
//
// Every query is a transaction of its own, ends with a Sync of its own, and its error
// touches nobody else. Config.ShortReads can have short SELECTs that leave in one
// write share one, and run again alone when one of them fails or is held up
// (pipeline_group.go). Transactions are begun with Pool.Tx: a BEGIN as a statement is
// refused, since connections are shared.
//
// # The files, in reading order
//
// What calls stands above what is called, with few exceptions: a call that is run again
// begins at the pool, and a session goes on with its next query.
//
//	open.go config*.go alone.go             what users call
//	listen.go copy.go
//	driver.go driver_bind.go                which core a call goes to; reactors come and go
//	pool_keeper.go pool_rest.go             what happens to a core by itself: time,
//	pool_arrival.go pool_cancel.go          a new connection, a caller who leaves
//	pipeline_read.go pipeline_answer.go     what the server says: bytes, messages,
//	pipeline_prepared.go pipeline_end.go    descriptions, the end
//	pool.go pool_overflow.go pool_place.go  which connection a call gets, or its wait
//	pool_open.go
//	session_hooks.go session.go             a connection that one user holds: its hooks
//	session_cursor.go session_batch.go      and queries, streams, batches, loads; how
//	session_copy.go session_copier.go       it ends, and what it sends
//	session_end.go session_send.go
//	pipeline_run.go pipeline_group.go       sending on a shared connection, and what
//	pipeline_outcome.go pipeline_writable.go  follows from an answer: an error, a refused
//	pipeline_stale.go pipeline_cancel.go    write, an old description, a cancel request
//	pipeline_prepare.go pipeline_write.go
//	dial.go dial_hooks.go dial_pooler.go    how a connection is made, up to its descriptor
//	dial_link.go
//	refuse.go notice.go stats.go            what is refused, logged and counted
//	pipeline_unit.go query.go statement.go  the parts: a unit, a query, a statement
//	state.go invariants.go errors.go site.go  who owns what; errors
//
// Bytes are encoded and decoded in db/pg/internal/wire, and texts read in
// db/internal/sqltext, both without a connection.
//
// # Transactions and streams
//
// Transactions, streams (Each) and batches whose rows decide about their success
// hold a connection alone: a session. It runs its queries one after
// the other. A stream executes a portal portion by portion, so the server
// computes rows as fast as they are read.
//
// # Poolers
//
// Before a connection is used the pool finds out whether there is a pooler before
// the server. Then it names no statements, unless it is told that they
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
// them with LeaveReactors; ReactorUser of the *db.Pool has both methods.
//
// # Cancellation
//
// A caller who cancels gets an answer at once. A query that waits is dropped. One
// that has been sent is abandoned: when it is the one that the server works on and
// does not end within 2 ms, a cancel request follows. Such a request may hit the
// next query of the same connection; that one is run again, since its transaction
// was rolled back.
//
// # Failure
//
// When a connection breaks, what was not written yet, or was behind the statement
// that an orderly shutdown ended, runs again elsewhere, and so does the BEGIN of a
// transaction; what may have run fails with a *db.Error whose SafeToRetry is
// false, unless it was in a transaction that had not been committed. Connections
// are made anew with growing pauses, of about half a second at most while a call waits
// and of five seconds else; in the meantime calls wait for AcquireTimeout.
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
