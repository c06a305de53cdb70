// Package app has no code: its tests drive whole apps from outside, through a
// socket, as clients do. Most run over both engines, with one reactor and with
// four, over TLS (everyMode in modes_test.go), and over HTTP/2 with TLS and without
// (everyProtocol in http2_test.go; modes_listed_test.go has those that do not, and why).
// Each response is held against the OpenAPI document of its app; some bring real peers, such as curl, nginx and the
// Autobahn cases.
//
// A test belongs here when it needs nothing but exported names and has no single
// package that it is about.
//
// Owner: the tests; nothing is exported. Cost: some two minutes on two cores.
package app
