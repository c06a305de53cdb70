// Command typed measures what typed routes cost: a POST whose JSON body is
// checked and a GET with a number in its path, in this framework's three styles
// beside fiber, gin, Huma and net/http, in one run. How, says package contest.
//
// Every server's answers are checked first: bodies at both ends of every rule,
// bodies that break one rule each, ids that are no int64, requests pipelined and
// cut at every byte.
//
// Besides it runs the Go benchmarks of binding, encoding and injection that the
// bars name (packages gobench and body), and measures the resident memory of
// idle WebSockets.
//
// Linux only, loopback only. See bench/README.md for its options.
package main
