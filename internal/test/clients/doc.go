// Package clients holds the tests of clients that other people's tools make of our documents:
// oapi-codegen for Go, openapi-typescript with openapi-fetch for TypeScript. `make clients`
// generates and compiles them, and its tests let them talk to the service of package shop
// over both engines.
//
// It is a Go module of its own, so that users of the framework do not get the run-time library
// of a generator into their module graph. The generators are pinned in tools.mod and in
// web/package-lock.json. What they write (goclient/client.gen.go, goclient30/client.gen.go,
// web/schema.d.ts, and below gen and web/dist) is not in the repository: tools/clients.sh makes it of
// the document as it is now, so it cannot be of yesterday. The program node must be there, with npm.
package clients
