// Package dbtest is the conformance suite of db drivers: what every [db.Pool]
// must do, whatever is below it. A driver's own test calls
//
//	dbtest.Run(t, dbtest.Subject{Open: ..., Slow: ...})
//
// [Model] tries what no list of cases covers: random programs under faults, whose
// callers must have been told the truth.
//
// The statements of the suite use types and syntax that SQLite and Postgres
// share. Run it with -race too.
//
// Everything here runs on the goroutines of the test, but for [Loop], a small
// scheduler that stands in for a reactor.
package dbtest
