// Package exchange is one HTTP request and its response, apart from the
// connection that carries it. A handler does this much:
//
//	func (h handler) Serve(x *exchange.Exchange) exchange.Outcome {
//		x.SetField("Vary", "Accept")
//		x.Respond(200, "text/plain", []byte("hello"))
//		return exchange.Answered
//	}
//
// Two engines carry exchanges: internal/http1 (sockets of a reactor) and
// internal/nethttp (any net/http server). Both fill an [Exchange], hand it to
// one [Handler], and send what the handler answered. The handler sees no
// difference, which is why one test suite can run against both.
//
// # Who owns an exchange
//
// At any time an exchange has one owner: the reactor of its connection, or the
// goroutine that serves it. [Handler.Serve] runs on the owner. It returns
//
//   - [Answered]: the response is staged; the engine goes on with the
//     connection at once;
//   - [Later], on the reactor only: the handler kept the exchange (a pending
//     future, a suspended coroutine) and will call [Exchange.Finish] there, once.
//     The engine goes on after the caller has returned;
//   - [Move]: this handler belongs on the other kind of owner. The engine
//     passes the connection from the reactor to a pooled goroutine, or back,
//     and calls Serve again there;
//   - [NeedCoroutine]: this handler may suspend. The engine calls Serve again on a
//     coroutine of the reactor.
//
// # Leases
//
// Every []byte of the request (head fields, collected body) aliases a buffer
// of the connection and is valid until the exchange is finished. What users
// may keep must be copied.
//
// # Cost
//
// Exchanges are pooled by their engine; a warm one allocates nothing.
package exchange
