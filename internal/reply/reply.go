package reply

import (
	"context"
	"sync"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/invariant"
)

// KeepSpare is the largest buffer in bytes that a Reply keeps for the next response.
const KeepSpare = 16 << 10

// progress is how far a response is.
type progress uint8

const (
	staged    progress = iota // it waits in memory
	opening                   // a stream is being opened, or could not be: no other one can
	streaming                 // the head of a stream is being sent, or was
	taking                    // the connection is being taken over
	taken                     // it was
)

// Reply is the response of a request while it is made. It is used again for the
// next request.
//
// Owner: whoever has locked its Holder; Begin, Leave, Lease and Reset: the owner of
// the exchange.
type Reply struct {
	x *exchange.Exchange
	// status is the one of a successful answer; 0: what the answer itself says.
	status   int
	progress progress
	// way is that of what is staged or opened now; nil: straight to the engine.
	way         *Way
	heads, ends []Hook
	// headed: the functions of heads have run.
	headed bool
	// sourced: a body was made of it, whose source may be at work before its first byte.
	sourced bool
	filters []filter
	// dropped are the references that could not be sent.
	dropped references
	// out is the body of a stream, once it is open.
	out *countedBody
	// scratch holds the encoded response; nil while somebody fills it. The engine keeps
	// it when the client does not take it (KeepsPayload).
	scratch []byte
	// lent: somebody may have kept what scratch holds.
	lent bool
	// uses counts those who use the exchange without the lock.
	uses sync.WaitGroup
}

// Begin makes r the reply to the request of x.
func (r *Reply) Begin(x *exchange.Exchange) { r.x = x }

// Leave waits for whoever is taking the connection over. The Holder reaches r no more.
func (r *Reply) Leave() { r.uses.Wait() }

// Lease tells the engine that the memory of the staged body may be used for something
// else once the request is over, unless it is r's own.
func (r *Reply) Lease() {
	if p := r.x.Payload; len(p) > 0 {
		r.x.PayloadLeased = cap(r.scratch) == 0 || &p[0] != &r.scratch[:1][0]
	}
}

// Reset makes r ready for another request.
func (r *Reply) Reset() {
	if cap(r.scratch) > KeepSpare || r.lent || r.x.KeepsPayload() {
		r.scratch = nil
	}
	invariant.Poison(r.scratch[:cap(r.scratch)])
	clear(r.heads)
	clear(r.ends)
	clear(r.filters)
	r.heads, r.ends, r.filters = r.heads[:0], r.ends[:0], r.filters[:0]
	r.x, r.way, r.out = nil, nil, nil
	r.status, r.progress, r.headed, r.sourced, r.dropped, r.lent = 0, staged, false, false, 0, false
}

// Exchange is the exchange that r answers. Its fields for the response are r's to
// change; the rest is its owner's.
func (r *Reply) Exchange() *exchange.Exchange { return r.x }

// Way is the way on which the response goes now; nil: straight to the engine.
func (r *Reply) Way() *Way { return r.way }

// Added is the context that net/http middleware has made of that of the request; nil
// where there is none.
func (r *Reply) Added() context.Context {
	if r.way == nil {
		return nil
	}
	return r.way.added
}

// Sent tells whether it is too late to change the response: it is a stream that was
// begun, or the connection was taken over.
func (r *Reply) Sent() bool {
	return r.progress == streaming || r.progress == taken || r.way != nil && r.way.opened
}

// Status is the status as far as it is known, 0 before the handler has returned.
func (r *Reply) Status() int { return r.x.Status }

// SetStatus sets the status of a successful answer.
func (r *Reply) SetStatus(status int) { r.status = status }

// DefaultStatus is SetStatus for what the type of the answer says, unless the handler or
// its route has said otherwise.
func (r *Reply) DefaultStatus(status int) {
	if r.status == 0 {
		r.status = status
	}
}

// Stage makes body, which must stay unchanged until the client has it, the response,
// with the status of SetStatus and the Content-Type of SetHeader if those were called.
func (r *Reply) Stage(status int, contentType string, body []byte) {
	if r.status != 0 {
		status = r.status
	}
	r.x.Stage(status, contentType, body)
}

// BeginFailure makes ready to stage the answer to a failure: the status and the media type
// of the answer that has failed are forgotten.
func (r *Reply) BeginFailure(status int) {
	r.status = status
	r.x.DeleteField("Content-Type")
}

// Spare takes the buffer of r, empty, to be filled and given to StageSpare,
// RespondSpare or KeepSpare: nobody else is given the same. It is nil when somebody may
// still look at what it holds. What was staged from it is not any more.
func (r *Reply) Spare() (b []byte) {
	if !r.lent {
		b = r.scratch[:0]
	}
	r.scratch, r.lent = nil, false
	r.x.Payload = nil
	return b
}

// StageSpare is Stage for a body that was filled into what Spare has returned.
func (r *Reply) StageSpare(status int, contentType string, body []byte) {
	r.scratch = body
	r.Stage(status, contentType, body)
}

// RespondSpare makes a body that was filled into what Spare has returned the
// response, whatever was set before.
func (r *Reply) RespondSpare(status int, contentType string, body []byte) {
	r.scratch = body
	r.x.Respond(status, contentType, body)
}

// KeepSpare gives back what Spare has returned.
func (r *Reply) KeepSpare(b []byte) { r.scratch = b }

// StagedBody is the staged body, nil when there is none or the response is sent. Whoever has
// it may keep it.
func (r *Reply) StagedBody() []byte {
	if r.Sent() {
		return nil
	}
	r.lent = r.lent || r.x.Payload != nil
	return r.x.Payload
}

// ReplaceBody stages a copy of body in the place of the staged one, unless the response
// is sent. Status, content type and fields stay, those behind the body too.
func (r *Reply) ReplaceBody(body []byte) {
	if !r.Sent() {
		r.scratch = append(r.Spare(), body...)
		r.x.Restage(r.x.Status, r.scratch)
	}
}

// BodySize is how many bytes the body has: the staged one, or what a stream has
// written so far.
func (r *Reply) BodySize() int64 {
	if r.Sent() {
		return r.out.count()
	}
	return int64(len(r.x.Payload))
}
