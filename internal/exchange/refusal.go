package exchange

import "github.com/fasterapi/fasterapi/internal/http1/wire"

// What engines refuse for reasons of their own; package wire has more.
var (
	// TooSlow: too little of the request has come in time.
	TooSlow = &wire.Error{Status: 408, Reason: "the request took too long to arrive"}
	// TooLong: its body is beyond the limit of its route.
	TooLong = &wire.Error{Status: 413, Reason: "the request body is too large"}
	// BrokenOff: the end of its body does not come.
	BrokenOff = &wire.Error{Status: 400, Reason: "the request body is not complete"}
	// HeadBrokenOff: the end of its head does not come.
	HeadBrokenOff = &wire.Error{Status: 400, Reason: "the request is not complete"}
	// Unreadable: the framing of its body is broken.
	Unreadable = &wire.Error{Status: 400, Reason: "the request body cannot be read"}
	// Overloaded: there is more work than can be done.
	Overloaded = &wire.Error{Status: 503, Reason: "the service has more requests than it can answer: try again later"}
)

// Refuse lets x be answered without being served: the engine has found something
// wrong with the request, or gives it up. It goes the way of all requests, to the
// handler, whose Serve answers with the refusal; nothing of the body is there. An
// engine that refuses a head calls Refuse before Begin; only what of the head was
// read is there then, and Head.Path is nil when its request line is not sound. The
// first refusal counts.
func (x *Exchange) Refuse(why *wire.Error) {
	if x.Refusal == nil {
		x.Refusal = why
		x.Body, x.BodyReader = nil, refusedBody{why}
	}
}

// Forgives tells whether the staged response would let a refused request pass for one
// that was served. Engines send the refusal in its place.
func (x *Exchange) Forgives() bool { return x.Refusal != nil && x.Status < 400 }

// refusedBody is what there is to read of a refused request. It never waits, so that
// it may be read on a reactor.
type refusedBody struct{ why *wire.Error }

// Read implements [io.Reader].
func (b refusedBody) Read([]byte) (int, error) { return 0, b.why }
