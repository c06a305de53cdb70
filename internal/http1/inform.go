package http1

import (
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
	"github.com/fasterapi/fasterapi/internal/stream"
)

// Inform sends an interim response behind the answers to earlier requests. It implements
// [exchange.Informer], and never waits: what the client does not take now goes out with
// what follows.
func (c *conn) Inform(x *exchange.Exchange, status int, fields []exchange.Field) error {
	if c.owner.Load() == onLoan {
		c.loan.output.Lock()
		defer c.loan.output.Unlock()
		c.loan.mu.Lock() // the reactor may be writing earlier answers
		defer c.loan.mu.Unlock()
		c.appendInterim(status, fields)
		c.socket.Flush(&c.core.server.buffers) // the goroutine learns how it went when it flushes
		c.loan.behind = c.socket.Pending() > 0
		return nil
	}
	if x != c.x || c.phase == closed { // broken while the handler was suspended
		return nil
	}
	c.appendInterim(status, fields)
	before := c.socket.Pending()
	switch c.socket.Flush(&c.core.server.buffers) {
	case stream.Done:
		c.taken()
	case stream.Again:
		c.outputBlocked(before - c.socket.Pending())
	}
	return nil // a broken connection shows with the answer
}

// appendInterim appends a response without content to the output.
func (c *conn) appendInterim(status int, fields []exchange.Field) {
	out := wire.AppendStatus(c.out(), status, 1)
	for _, f := range fields {
		out, _ = wire.AppendHeader(out, f.Name, f.Value)
	}
	c.socket.SetOut(wire.AppendEnd(out))
}
