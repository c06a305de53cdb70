// Package schema describes Go types for the outside: which JSON members a
// struct has, which checks its tags ask for, and the JSON Schema (draft
// 2020-12) that says the same to clients. The codec, the binder and the
// OpenAPI document are all made from it, so they cannot disagree.
//
// Everything here runs at start-up. Descriptions are immutable afterwards and
// may be read by any goroutine.
package schema
