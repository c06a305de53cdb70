// Package contest measures HTTP servers beside each other in one run: what a
// request costs each of them in CPU time, and what an idle connection costs in
// memory. The commands floor and typed say who takes part and what the bars are.
//
// The figure to trust is CPU time of the server's process per request, from
// /proc/PID/stat. The server has core 0 to itself and wrk core 1. On a shared
// machine the same code takes up to twice the time from one minute to the next,
// so the servers of a table are all up at once and take turns of a second,
// those that wait being stopped, in an order that turns round; a figure comes
// from the half of a server's turns in which it was best, since noise only adds.
// Compare within a table.
//
// Every server's answers are checked first, by the Verify function of the
// [Harness]. While it is measured, wrk's count of bytes must be that of right
// answers.
//
// One goroutine runs a contest; nothing here may be used by several. It needs
// wrk and taskset, and refuses to measure a server whose port somebody else has.
// Linux only, loopback only.
package contest
