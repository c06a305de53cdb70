package fasterapi

import (
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/reactor"
)

// runCoroutine runs a handler on a coroutine of the reactor.
func (c *Ctx) runCoroutine(r *route) exchange.Outcome {
	c.running = r
	c.reactor.Coroutine((*coroutineJob)(c))
	if c.running == nil {
		return exchange.Answered
	}
	c.late = true
	return exchange.Later
}

// coroutineJob is a Ctx whose handler runs on a coroutine.
//
// Owner: reactor.
type coroutineJob Ctx

// RunOn implements [reactor.CoroutineJob].
func (j *coroutineJob) RunOn(co *reactor.Coroutine) {
	c := (*Ctx)(j)
	c.coroutine = co
	err := c.running.handler(c)
	c.coroutine = nil
	c.endCoroutine(err)
}

// Panicked implements [reactor.CoroutineJob].
func (j *coroutineJob) Panicked(v any, stack []byte) {
	(*Ctx)(j).endCoroutine(&async.PanicError{Value: v, Stack: stack})
}

// Goexited implements [reactor.CoroutineJob].
func (j *coroutineJob) Goexited() { (*Ctx)(j).endCoroutine(errGoexit) }

// endCoroutine stages the answer, and sends it if Serve has returned already.
func (c *Ctx) endCoroutine(err error) {
	c.running, c.coroutine = nil, nil
	if !c.late {
		c.conclude(err)
		return
	}
	c.finishLate(err)
}
