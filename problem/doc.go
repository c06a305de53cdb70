// Package problem is the error that clients see: Problem Details for HTTP APIs, RFC 9457.
//
// # What it is
//
// A [Problem] carries the standard members (type, title, status, detail, instance), the list of located
// [FieldError]s that validation produces, and free extension members. It is a Go error: return one from a
// handler, or wrap any error with [Wrap] to choose what the client may know of it.
//
// # Who owns what
//
// A Problem is a plain value for one goroutine at a time. Constructors return a new one on every call, so
// that nobody changes a shared one. It is immutable by convention once it is returned.
//
// # What it costs
//
// One allocation per problem. [Problem.AppendJSON] appends to the caller's buffer and allocates nothing but
// for extension members and values of uncommon types.
//
// # What it refuses
//
// The cause given to Wrap is for logs and errors.Is; it is never serialised. Values of sensitive fields are
// never serialised, others are cut after [MaxValue] bytes. Invalid UTF-8 becomes U+FFFD.
package problem
