package fasterapi

import (
	"github.com/fasterapi/fasterapi/internal/exchange"
)

// Responses without content: answers to HEAD, and of status 204 and 304 (RFC 9110
// 6.4.1, 9.3.2). Their sources are not started. What runs already, a mounted handler
// or the Close of a filter, writes to an unsentBody.

// wantsContent tells whether the content of the staged response is sent.
func (c *Ctx) wantsContent() bool {
	return read(c, func(r *request) bool { return r.x.WantsContent() })
}

// unsentBody throws the content away while the client is there.
//
// Owner: the handler of the request.
type unsentBody struct {
	exchange.BodyWriter
	c *Ctx
}

// Write implements [exchange.BodyWriter].
func (b unsentBody) Write(p []byte) (int, error) {
	if b.c.Err() != nil {
		return 0, exchange.ErrClientGone
	}
	return len(p), nil
}
