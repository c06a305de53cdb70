package http1

import (
	"github.com/fasterapi/fasterapi/internal/exchange"
)

// serve lets the handler answer the exchange.
func (c *conn) serve() bool {
	c.phase, c.finished = serving, false
	c.mayCancel(true)
	switch c.core.server.handler.Serve(c.x) {
	case exchange.Answered:
		return c.complete()
	case exchange.Later:
		if c.finished {
			return c.complete()
		}
		c.flush() // answers to earlier requests do not wait for this one
		return false
	default: // Move
		c.mayCancel(false)
		c.phase = ready
		c.lending = c.owner.Load() == ownedByReactor
		return false
	}
}

// Finish ends an exchange that the handler kept. It implements
// [exchange.Carrier] and runs on the reactor.
func (c *conn) Finish(x *exchange.Exchange) {
	switch {
	case x != c.x: // the connection broke meanwhile
		c.core.server.handler.Release(x)
	case c.running:
		c.finished = true
	case c.complete():
		c.advance()
	}
}

// complete sends the answer on its way and makes the connection ready for the
// next request. It reports whether there is more to do.
func (c *conn) complete() bool {
	c.mayCancel(false)
	c.phase = answering
	x := c.x
	c.mustClose = c.mustClose || x.CloseAfter || c.core.draining.Load()
	switch {
	case x.Hijacked():
		c.phase = closed
		c.dropExchange()
		return false
	case x.Streamed():
		if err := c.endStream(); err != nil {
			c.abort()
			return false
		}
	default:
		c.answer(x)
	}
	if c.phase == closed {
		return false
	}
	if c.body != nil { // the handler did not read the body to its end
		c.mustClose, c.unread = true, true
		c.body = nil
	}
	c.renewExchange()
	c.phase = reading
	if c.mustClose {
		c.phase = leaving
	}
	return true
}

// renewExchange ends the current exchange and keeps its memory for the next
// request of this connection.
func (c *conn) renewExchange() {
	if c.held != nil {
		c.core.server.buffers.Put(c.held)
		c.held = nil
	}
	c.core.server.handler.Release(c.x)
	c.x.Reset()
}

// dropExchange gives the exchange back, whatever its state.
func (c *conn) dropExchange() {
	if c.x == nil {
		return
	}
	c.renewExchange()
	c.core.server.exchanges.Put(c.x)
	c.x = nil
}

// dropInput gives the input buffer back.
func (c *conn) dropInput() {
	if c.in != nil {
		c.core.server.buffers.Put(c.in)
	}
	c.in, c.pos = nil, 0
}
