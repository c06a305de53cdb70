// Command micro runs the Go benchmarks that the project's bars name and writes
// their section of RESULTS.md. Each runs several times; the least time counts,
// since noise only adds, and the most allocations.
package main
