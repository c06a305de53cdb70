package http1

import (
	"errors"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
)

// refuse ends the reading of a request that cannot be served, for good: where the
// next one begins is in doubt. The handler answers it like any other, so that the
// answer is what the answers of this handler are; then the connection closes.
func (c *conn) refuse(why *wire.Error) {
	c.core.refused.Add(1)
	c.body = nil
	c.expectNothing() // a deadline that has passed would hide the one of writing
	if !c.begun {
		c.x.Head.ParsePart(c.in[c.pos:], c.core.server.head) // what was parsed may lie in a buffer that was given back
		c.attach()
		c.x.Refuse(why)
		c.core.server.handler.Begin(c.x)
		c.begun = true
	}
	c.x.Refuse(why)
	c.endBehind(closesUnread)
	c.phase = ready
}

// refuseFor is refuse for what package wire found wrong.
func (c *conn) refuseFor(err error) {
	bad, ok := errors.AsType[*wire.Error](err)
	if !ok {
		bad = exchange.Unreadable
	}
	c.refuse(bad)
}

// brokenOff refuses a request whose client has closed its sending side.
func (c *conn) brokenOff() {
	if c.begun {
		c.refuse(exchange.BrokenOff)
	} else {
		c.refuse(exchange.HeadBrokenOff)
	}
}
