// Package driver is what a database driver for package db implements: a [Driver]
// that runs queries ([Query]) and puts their rows where their callers want them
// ([Row]). Applications use package db.
//
//	type database struct{ ... }
//
//	func (d *database) Start(q *driver.Query)           { ... } // run q, then q.Finish(err)
//	func (d *database) Cancel(q *driver.Query)          { ... }
//	func (d *database) Close(ctx context.Context) error { ... }
//
//	pool := db.New(d, d.stats)
//
// A driver is held against the rules of the data layer (docs/reference/db.md) by the suite of
// db/dbtest, which its tests run: dbtest.Run(t, dbtest.Subject{Open: ...}). db/sqlite is the
// shorter one to read; db/pg is the one whose connections live on reactors.
//
// [Driver] tells the life of a query. db.New makes a pool of a driver. What a driver
// fails with it makes itself, with db.Error and the errors of package db; this package
// has no errors of its own: those of rows that are not as asked come from the call
// ([Query.Describe], [Query.Err]).
//
// # Which goroutine owns what
//
// Between [Driver.Start] and [Query.Finish] a [Query] belongs to the driver, including
// the memory its rows are decoded into. Afterwards it is used again, for another call.
// [Query.Cancelled] and [Query.Cause] may be asked from anywhere until then.
//
// # What it costs
//
// Queries are recycled, with room for four parameters, and a [Hook] for the driver's
// own lists. Parameters of the built-in types do not allocate: they are copied into
// the query and never escape. A plan of columns and fields is compiled once per
// statement and row type and kept with the statement's [Description].
//
// # What it refuses
//
// Columns and fields that do not match, a NULL where there is no place for one,
// integers that do not fit their field, parameters of types that no column has.
package driver
