// Command floor measures what a request costs this framework's server, beside a
// C epoll loop that does nothing else, fasthttp and net/http, in one run.
//
// The figure to trust is CPU time of the server's process per request, from
// /proc/PID/stat. The server has core 0 to itself and wrk core 1. On a shared
// machine the same code takes up to twice the time from one minute to the next,
// so the servers of a table are all up at once and take turns of a second,
// those that wait being stopped, in an order that turns round; a figure comes
// from the half of a server's turns in which it was best, since noise only adds.
// Compare within a table.
//
// Every server's answers are checked first: status, headers and body, an unknown
// path, sixteen pipelined requests in order, requests cut at every byte. While
// it is measured, wrk's count of bytes must be that of right answers.
//
// Besides load it measures the resident memory of idle keep-alive connections
// and what 100,000 connections that came and went leave behind.
//
// Linux only, loopback only. See bench/README.md for its options.
package main
