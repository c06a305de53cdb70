// Package safelog keeps a log handler of a user's that panics from ending the process.
//
//	cfg.Logger = safelog.Of(cfg.Logger)
//
// The framework logs in goroutines of its own: those of reactors, pools, health checks, schedules. Nobody above them
// recovers for a handler. What its handler panics with costs a line, and is written to the standard error once.
//
// # Who owns what
//
// A logger and its handlers may be used by any goroutine, as they may without this package.
//
// # What it costs
//
// A call more and a copy of the record more for each line, some 50 ns, and no allocation. Loggers derived by With and WithGroup have an
// allocation more.
package safelog
