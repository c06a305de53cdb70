package fasterapi

import "github.com/fasterapi/fasterapi/internal/exchange"

// runCoroutine runs a handler on a coroutine of the reactor, once the engine
// has entered one.
func (c *Ctx) runCoroutine(r *route) exchange.Outcome {
	co := c.x.Coroutine()
	if co == nil {
		return exchange.NeedCoroutine
	}
	state := c.request
	c.change(func(r *request) { r.coroutine = co })
	c.runStraight(r)
	state.coroutine = nil // nobody reaches it through c any more
	return exchange.Answered
}
