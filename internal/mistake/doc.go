// Package mistake has the mistakes of those who build an app: what is wrong, of
// what, and the line of theirs where it stands.
//
//	var wrong mistake.List
//	wrong.Unless(cfg.MinSize > 0, "CompressConfig.MinSize must be positive")
//	if err := wrong.Err(); err != nil {
//		return fasterapi.Mistake[fasterapi.Middleware](err)
//	}
//
// A constructor notes everything that is wrong and returns what it makes all the same.
// The app reports it when it starts, with all other mistakes: in one order, one
// format, each once.
//
// # The format
//
// "GET /users/{id} (users.go:12): field ID: …": a subject, its place, what is wrong and
// what to do. Further lines are indented.
//
// # Who owns what
//
// Everything here is made while an app is built, by the goroutine that builds it, and
// is not changed later.
//
// # What it costs
//
// A walk over the stack for each place, at start-up only.
//
// # What it refuses
//
// Places within the framework: they tell users nothing. Its tests and examples are
// users.
package mistake
