// Command micro runs the Go benchmarks that the project's bars name and writes
// their section of RESULTS.md. Package gobench runs them; the fastest run counts,
// since noise only adds. Allocations are pinned by tests besides.
package main
