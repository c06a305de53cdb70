package http1

import (
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/reactor"
)

// entered is a connection that works on a coroutine of its reactor, so that
// its handlers can suspend. One switch of coroutines, 110 ns there and back,
// serves all requests of a read, and all connections that are readable in the
// same turn up to the first handler that suspends.
//
// Owner: reactor.
type entered conn

// enter goes on with the work on a coroutine.
func (c *conn) enter() {
	c.handover = staysHere
	if co := c.core.reactor.Host(); co != nil {
		c.workOn(co)
		return
	}
	c.core.reactor.Coroutine((*entered)(c))
}

// RunOn implements [reactor.CoroutineJob].
func (e *entered) RunOn(co *reactor.Coroutine) {
	(*conn)(e).workOn(co)
	co.Dispatch()
}

// workOn is work on a coroutine.
func (c *conn) workOn(co *reactor.Coroutine) {
	c.enterWith(co)
	defer c.enterWith(nil)
	c.work()
	if c.handover == toGoroutine {
		c.enterWith(nil) // once it is lent it is not ours
		c.lend()
	}
}

// enterWith records what the work runs on.
func (c *conn) enterWith(co *reactor.Coroutine) {
	if c.owner.Load() == onLoan {
		return
	}
	c.co = co
	if c.x != nil {
		c.x.SetCoroutine(co)
	}
}

// behind is a connection with answers that wait for the handler of the next
// request, in case that one is suspended.
//
// Owner: reactor.
type behind conn

// flushIfSuspended writes what waits if the handler, which is about to run, is
// still at it when the reactor turns to its next task.
func (c *conn) flushIfSuspended() {
	if !c.flushing {
		c.flushing = true
		c.core.reactor.Schedule((*behind)(c))
	}
}

// Run implements [async.Task].
func (b *behind) Run() {
	c := (*conn)(b)
	c.flushing = false
	if c.owner.Load() == ownedByReactor && c.phase == serving {
		c.flush()
	}
}

var _ async.Task = (*behind)(nil)

// Panicked implements [reactor.CoroutineJob]. work contains the panics of
// handlers, so this one is the engine's own.
func (e *entered) Panicked(any, []byte) { (*conn)(e).closeUntrusted() }

// Goexited implements [reactor.CoroutineJob]: work has scheduled the rest.
func (e *entered) Goexited() {}

// leaveInterrupted ends the stay on a coroutine that was interrupted: the
// interruption was meant for one request, and its coroutine keeps it.
func (c *conn) leaveInterrupted() bool {
	if c.co == nil || c.co.Interrupted() == nil {
		return false
	}
	c.resumeLater()
	return true
}
