// Package h2spectest holds the HTTP/2 of the reactors against h2spec, the conformance suite of RFC 7540 and
// 7541. It is a module of its own, so that nobody who uses the framework has h2spec in its module graph.
package h2spectest
