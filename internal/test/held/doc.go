// Package held is a request without an engine, for tests of what stands between a
// handler and one: an exchange, the holder that a Ctx is to it, and what the client
// would have got.
//
//	q := held.New(t, "GET", "/users?page=2")
//	reply.Handle{Holder: q}.SetHeader("ETag", `"1"`)
//	q.Reply.Stage(200, "text/plain", []byte("hello"))
//	q.End()
//
// A [Request] is for one test. Its holder is for any goroutine, as a Ctx is; it owns the
// exchange, costs nothing worth counting, and refuses to be finished on a reactor: there
// is none.
package held
