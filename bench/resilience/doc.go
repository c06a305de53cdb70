// Command resilience measures policies beside failsafe-go, in one run, and holds breakers against its
// own in a test.
//
//	make bench-resilience   # writes the section of bench/RESULTS.md
//
// It keeps the fastest of many short runs (package gobench), so other work on the machine matters
// little. One goroutine does everything.
package main
