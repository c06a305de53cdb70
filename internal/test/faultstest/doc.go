// Package faultstest holds what speaks over a network, the Postgres driver and package client, against one
// that delays, cuts, slices, resets and swallows what is sent, with toxiproxy in the test's
// own process before a real server.
//
// It is a Go module of its own, so that toxiproxy's dependencies reach nobody
// who uses the framework. `make net-faults` runs it.
package faultstest
