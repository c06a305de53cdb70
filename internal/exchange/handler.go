package exchange

// Outcome tells the engine what Serve did with the exchange.
type Outcome uint8

// The outcomes of Serve.
const (
	// Answered: the response is staged (or streamed, or the connection was
	// hijacked). The engine goes on.
	Answered Outcome = iota
	// Later: Finish will be called on the reactor. Only there may Serve return it.
	Later
	// Move: call Serve again on the other kind of owner.
	Move
	// NeedCoroutine: call Serve again on a coroutine of the reactor. Requests of the
	// connection that wait already are served on the same one. Only on the
	// reactor, and only where Exchange.Coroutine is nil.
	NeedCoroutine
)

// Admission says what to do with the body of a request, before it is read.
type Admission struct {
	// Limit is the largest body accepted, in bytes; a longer one is answered
	// with 413.
	Limit int64
	// MayStream asks for large bodies to be read by the handler through
	// Exchange.BodyReader. Without it the whole body is collected first.
	MayStream bool
	// Discard asks for the body to be read and thrown away: the answer does
	// not depend on it (a 404, say).
	Discard bool
}

// Handler answers exchanges.
//
// Owner: any (immutable after New).
type Handler interface {
	// Begin is called once for each request, when its head is complete, before
	// all other methods. It must not block.
	Begin(x *Exchange)
	// Admit is asked when the head of a request with a body has come. It must
	// not block. It is not called for requests without a body, nor for refused ones.
	Admit(x *Exchange) Admission
	// Serve answers x, on the reactor or on a goroutine as x.OnReactor tells. When
	// x.Refusal is set it answers with that, or another failure, and nothing else
	// comes of the request.
	Serve(x *Exchange) Outcome
	// Cancel tells that nobody waits for the answer any more. It runs on the
	// reactor, at the same time as Serve if that runs on a goroutine, but never
	// after the exchange has finished. It may be called more than once, and must
	// not block.
	Cancel(x *Exchange, cause error)
	// Release ends the handler's use of x: when it returns, every lease is over. It may still
	// read the head.
	Release(x *Exchange)
}
