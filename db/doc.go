// Package db is the data layer's front: one concrete [Pool] with typed methods
// that return futures, over a driver (db/pg, db/sqlite; db/driver is the interface).
//
//	user, err := pool.One[User](c, "SELECT id, name FROM users WHERE id = $1", id).Await(c)
//	users, err := pool.Query[User](c, "SELECT id, name FROM users ORDER BY name LIMIT $1", 20).Await(c)
//	result, err := pool.Exec(c, "DELETE FROM users WHERE id = $1", id).Await(c)
//
//	left, err := pool.Tx(c, db.TxOptions{}, func(c context.Context, tx *db.Tx) (int64, error) {
//		if _, err := tx.Exec(c, "UPDATE stock SET n = n - 1 WHERE id = $1", id).Await(c); err != nil {
//			return 0, err // rolls back
//		}
//		return tx.One[int64](c, "SELECT n FROM stock WHERE id = $1", id).Await(c) // commits
//	}).Await(c)
//
// Call, then Await: a handler on a goroutine writes both on one line. To ask several things side by
// side, call all of them first, or use async.WhenAll.
//
// # What it offers
//
// [Querier.One] wants exactly one row, [Querier.Query] collects all of them,
// [Querier.Each] streams them with backpressure, [Querier.Exec] wants none,
// [Querier.Batch] sends several statements in one go, [Pool.Tx] runs a closure
// in a transaction. The methods live on [Querier], which both [Pool] and [Tx]
// embed, so a function that takes a *Querier runs inside a transaction or
// outside of one. Placeholders are $1, $2 ... with every driver.
//
// # How rows become values
//
// T is a struct or a scalar. A struct's fields are matched to columns by
// `db:"name"`, else by name without regard to case and underscores (column
// user_id, field UserID); `db:"-"` leaves a field out and `db:",optional"` lets
// its column be absent. Everything else must match one to one: a column without
// a field and a field without a column are both a [*MappingError], found when
// the statement is first used with that type, rows or no rows. NULL goes into
// pointers, sql.Null[T], []byte and any; into a plain field it is an error that
// names column and field. The plan of a type is compiled once per statement and
// kept with the statement.
//
// # Which goroutine owns what
//
// A Pool may be used from any goroutine and from any reactor. The future of a
// call resolves on the scheduler of the context it was called with
// (async.SiteOf). Values handed to the caller are copies that nobody reuses.
//
// Parameters are taken over during the call, with one exception: the bytes of a
// []byte or of a map, slice or struct parameter must not change until the future
// has settled.
//
// # What it costs
//
// The façade allocates two objects per call, plus whatever the values need (one
// per string). Parameters of the built-in types do not allocate: they are copied
// into the call and never escape. A row costs a few nanoseconds per column.
//
// # What it refuses
//
// Columns and fields that do not match, a NULL where there is no place for one,
// integers that do not fit their field, more than one row for One
// ([ErrTooManyRows]), a wait for a connection that lasts too long
// ([ErrPoolExhausted]), anything after Close ([ErrClosed]). There is no query
// builder and no SQL rewriting.
package db
