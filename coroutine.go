package fasterapi

import "github.com/fasterapi/fasterapi/internal/exchange"

// runCoroutine runs a handler on a coroutine of the reactor, once the engine
// has entered one.
func (c *Ctx) runCoroutine(r *route) exchange.Outcome {
	co := c.x.Coroutine()
	if co == nil {
		return exchange.Enter
	}
	c.coroutine = co
	c.runStraight(r)
	c.coroutine = nil
	return exchange.Answered
}
