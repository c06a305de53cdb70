package nethttp

import (
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/invariant"
)

// seat is what a request is served with, and the next one after it.
//
// Owner: the goroutine of the request; between two requests the pool.
type seat struct {
	x *exchange.Exchange
	// text is the head of the request, leased until the handler has released the exchange.
	text text
	// carrier is used again if nobody but the goroutine of the request had it: most have nobody else.
	carrier *carrier
}

// maxText is how many bytes of head a seat may keep for the next request.
const maxText = 4 << 10

func newSeat() any {
	return &seat{x: new(exchange.Exchange), text: make(text, 0, 512), carrier: new(carrier)}
}

// leave makes the seat ready for the next request. kept: something else may still know the carrier.
func (s *seat) leave(kept bool) {
	s.x.Reset()
	invariant.Poison(s.text)
	if s.text = s.text[:0]; cap(s.text) > maxText {
		s.text = make(text, 0, 512)
	}
	if kept {
		s.carrier = new(carrier)
	} else {
		*s.carrier = carrier{}
	}
}

// text are the bytes of a head: where they lie does not matter, only that they are few allocations.
type text []byte

// put returns a copy of s, which stays when the text grows.
func (t *text) put(s string) []byte {
	from := len(*t)
	*t = append(*t, s...)
	return (*t)[from:len(*t):len(*t)]
}
