// Package reference holds the tables of the manual against the code, and figures
// against bench/RESULTS.md.
//
// A page is written by hand, and its tables are made by tests of this package:
//
//	<!-- generated: formats -->
//	| format | … |
//	<!-- end generated -->
//
// The tests compare each table with what the code says today: the tags that
// internal/schema and internal/bind know, the messages that a wrong value and a wrong
// tag get, the answers of a router, the fields of every Config with the comments on
// them and the constants that fill them in, measured costs. To write them anew:
//
//	go test ./internal/test/reference -update
//
// It is a test rig: nothing imports it, and it has no code but tests.
//
// Owner: one goroutine at a time. Cost: it parses the files of the packages that have
// a Config, and runs in less than a second.
package reference
