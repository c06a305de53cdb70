// Command tls measures what a small JSON answer over TLS costs, in this framework's three
// styles beside fiber and net/http, in one run, and how many full handshakes a server makes
// in a second of CPU, and what App.Handler() adds to a handler of net/http's own. How, says
// package contest. Besides it measures the resident
// memory of idle connections.
//
// Every server's answers are checked first.
//
// Linux only, loopback only. See bench/README.md for its options.
package main
