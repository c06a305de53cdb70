// Package shop is a service as teams write them, for the tests of generated clients: users with
// roles, lists with pages, PATCH, unions in bodies and answers and in one another, enums, members
// that may be absent or null, uploads, problems, typed header fields, several answers of one
// handler, streams and security.
//
// Its users and orders are in memory. An App of New is the caller's to start and stop.
package shop
