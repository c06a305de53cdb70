// Command floor measures what a request costs this framework's server, beside a
// C epoll loop that does nothing else, fasthttp and net/http, in one run. How,
// says package contest.
//
// Every server's answers are checked first: status, headers and body, an unknown
// path, sixteen pipelined requests in order, requests cut at every byte.
//
// Besides load it measures the resident memory of idle keep-alive connections
// and what 100,000 connections that came and went leave behind.
//
// Linux only, loopback only. See bench/README.md for its options.
package main
