// Package note lets what works for a request tell the record of that request what it did,
// without knowing what a request is: queries of package db, decisions of caches and of package
// resilience, calls of package client.
//
//	if notes := note.Of(ctx); notes != nil {
//		mark := notes.Begin(note.Query, sql, true)
//		...
//		notes.End(mark, note.Outcome{Kind: note.Query, What: sql, Err: err})
//	}
//
// The context of a request has a [Taker] under [Key], and so have contexts that are derived from it.
// All others have none, and nothing is noted.
//
// # Who owns what
//
// A [Taker] may be called from any goroutine, also when its request is over: then it does nothing. What a request
// notes is its own (package fasterapi, app_work.go).
//
// # What it costs
//
// A look at the context, and for requests the uncontended lock of their Ctx: some 20 ns for each note, and no
// allocation.
//
// # What it refuses
//
// Values of statements, bodies, header fields and paths of calls: they have no place here.
package note
