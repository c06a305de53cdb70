// Package reply is the response of one request while it is made: its status and
// fields, what middleware wants to know and change of it (hooks and filters), a body
// that is streamed, and the way on which it goes out.
//
//	var r reply.Reply // of the pooled state of a request
//	r.Begin(x)
//	to := reply.Handle{Holder: ctx} // ctx has the lock that the end of the request takes
//	to.SetHeader("Vary", "Accept")
//	r.Stage(200, "text/plain", []byte("hello")) // under that lock
//	to.RunHeads()
//	to.RunEnds()
//	r.Leave()
//	r.Reset()
//
// # Reading order
//
//   - reply.go: [Reply], the staged response and how far it is;
//   - handle.go: [Handle], how goroutines reach it;
//   - fields.go, reference.go: who owns a header field, and what may not stand in one;
//   - hooks.go: what middleware wants done before the head and at the end;
//   - way.go: [Way], straight to the engine or through net/http middleware;
//   - filter.go: what changes the bytes of a stream on that way;
//   - body.go, copy.go: a streamed body, and copying into one;
//   - unsent.go: responses whose content is not sent.
//
// # How it works
//
// A response is staged: its head and body wait in memory, as fields of the
// exchange, until the handler and all middleware have returned; then the engine sends
// it. A stream is opened instead: [Way.Open] runs the filters and the functions of
// OnHead, sends the staged head, and what is written goes out while the handler runs.
//
// Methods of [Reply] only read and change what is staged. What runs code of users, or
// logs, is a method of [Handle] or [Way]: these take the lock for themselves, in steps,
// and never hold it while somebody else's code runs.
//
// # Who owns what
//
// A Reply is pooled with the state of its request, and belongs to the owner of the
// exchange. Whoever else has kept something of the request reaches it through its
// Holder: under a lock, and not any more once the request is over
// (docs/decisions/0015).
//
// # Cost
//
// A staged response allocates nothing but fields and hooks beyond those of the
// requests before it, and encodes into a buffer that is used again. A stream costs the
// writer that counts its bytes, and a filter what it makes itself.
//
// # What it refuses
//
// A second stream, and one beside a connection that is taken over:
// [exchange.ErrResponseSent]. One on a reactor: [exchange.ErrOnReactor]. Anything
// once the request is over: [exchange.ErrOver]. Fields that are no valid header text
// are dropped with a log line, and so is what comes too late. An answer whose Location
// was dropped is not sent (reference.go).
package reply
