// Package sqlite opens SQLite databases as a [db.Pool]: the embedded default.
//
//	pool, err := sqlite.Open("app.db", sqlite.Config{}) // sqlite.Memory: in memory, for tests
//	if err != nil {
//		log.Fatal(err)
//	}
//	app.Provide(pool, fasterapi.CloseOnStop())
//
//	user, err := pool.One[User](c, "SELECT id, name FROM users WHERE id = $1", id).Await(c)
//
// Queries, transactions and the mapping of rows are described in package db; the same code runs on
// db/pg, as far as its SQL does. [Migrate] changes a schema.
//
// # What it is
//
// SQLite 3, the C library translated to Go (modernc.org/sqlite/lib): no cgo, no
// server, one file. The file is in write-ahead-log mode: readers see the last
// commit and never wait for the writer, nor the writer for them.
//
// # Which goroutine owns what
//
// Every connection belongs to one worker goroutine; nothing ever runs on a
// reactor, because a statement blocks for 2 to 25 us. One worker writes, four
// read (Config.Readers). Statements that start with SELECT, WITH, VALUES or
// EXPLAIN go to a reader, and on to the writer if they turn out to write;
// everything else goes to the writer. A read-write transaction holds the writer
// from its BEGIN IMMEDIATE to its end, a read-only one holds a reader: keep them
// short, and do not wait for other calls of the pool inside.
//
// A database in memory (path [Memory]) has one connection for everything. A
// stream or a transaction then holds the whole database.
//
// # Types
//
// SQLite's columns take any type, so what fits is decided value by value:
// integers into integer fields that are large enough, 0 and 1 into bool, text
// into string, []byte, time.Time, UUIDs, text unmarshalers and, as JSON, structs,
// maps and slices. time.Time is stored as text in UTC, in the form of
// CURRENT_TIMESTAMP with as many digits of a second as it needs ([driver.AppendTime]), so
// times compare with each other and with CURRENT_TIMESTAMP and datetime(); a midnight
// directly beside a column declared DATE is the date alone. UUIDs are text,
// documents JSON, bool 0 and 1. NaN, which SQLite takes for NULL, and years outside
// of 0 to 9999 are refused.
//
// # Limits and faults
//
// A call that waits longer than Config.AcquireTimeout for a worker fails with
// db.ErrPoolExhausted. A cancelled call leaves the queue, or its statement is
// interrupted. Another process that holds the lock is waited for
// (Config.BusyTimeout), then the error is of kind db.Busy. A full disk is
// db.Full, a damaged file db.Corrupt, a write to a read-only database
// db.ReadOnly: the statement has had no effect, earlier commits stand.
// Unlike in Postgres, a failed statement does not doom its transaction, unless
// SQLite rolled that back (disk full, interrupt): then every later statement and
// the commit fail. A closure that returns its first error is right with both.
//
// # Changing the schema
//
// A script of Exec runs in one transaction and reports the rows of all of its
// statements. Foreign keys are on in it, as in every statement. The
// procedure for what ALTER TABLE cannot do, which drops a table and renames its
// successor, deletes rows of other tables that way: that is [Migrate].
//
// # What it refuses
//
// A connection serves all callers in turn, so what a statement would leave behind
// in it is refused before anything has run, whatever comments, quotes or EXPLAIN
// surround it, with the way to do it in the message:
//
//   - BEGIN, COMMIT, ROLLBACK and savepoints as statements: there are [db.Pool.Tx]
//     and [db.Tx.Savepoint];
//   - PRAGMAs that set something of the connection: Config.Pragmas, other fields
//     of [Config] and [Migrate] do that. Those that read work in Query and One,
//     defer_foreign_keys works in a transaction, a batch or a script;
//   - ATTACH and DETACH: Config.Attach;
//   - last_insert_rowid(), changes() and total_changes() outside of the transaction
//     that wrote: RETURNING, or the [db.Result] of the call;
//   - several statements in one call, except for Exec without parameters, which
//     runs them as one transaction, and parameters other than $1, $2 ...
//
// Temporary tables are seen by the writer only. docs/reference/db-sqlite.md has the
// reasons, the forms of times, and how to change texts of earlier versions.
//
// # Cost
//
// A point query takes 2 us in SQLite and about as much for the way to the worker
// and back; see the benchmarks and docs/decisions/0007.
package sqlite
