package http1

import (
	"log/slog"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// serve lets the handler answer the exchange.
func (c *conn) serve() bool {
	if !c.enterServe() {
		c.abort() // nobody is there to take the answer
		return false
	}
	c.phase = serving
	c.cancelIfLeft()
	if c.co != nil && c.socket.Pending() > 0 {
		c.flushIfSuspended()
	}
	c.arrive()
	c.onStack = handler
	outcome := c.core.server.handler.Serve(c.x)
	finished := c.onStack == finishedHandler
	c.onStack = steps
	switch {
	case c.phase == closed && (outcome != exchange.Later || finished): // it broke while the handler was suspended
		c.retireExchange()
		return false
	case outcome == exchange.NeedCoroutine && c.co == nil && c.owner.Load() == ownedByReactor:
		c.phase, c.handover = ready, toCoroutine
		return false
	case outcome == exchange.Answered, outcome == exchange.Later && finished:
		c.phase = answering
		return !c.leaveInterrupted()
	case outcome == exchange.Move:
		c.leaveServe()
		c.phase = ready
		if c.owner.Load() == ownedByReactor {
			c.handover = toGoroutine
		}
		return false
	case c.owner.Load() == onLoan, outcome == exchange.NeedCoroutine:
		// After Later, Finish would race with this goroutine; who is on a coroutine
		// cannot enter another. The exchange is lost to its handler.
		c.leaveServe()
		c.core.server.cfg.Logger.Error("http1: a handler returned Later on a goroutine or NeedCoroutine on a coroutine",
			slog.Int("core", c.core.reactor.Core()))
		c.closeUntrusted()
		return false
	default:
		c.flush() // answers to earlier requests do not wait for this one
		return false
	}
}

// arrive tells of a request that may have waited for the reactor. The next ones of its
// connection waited for it.
func (c *conn) arrive() {
	a := c.core.server.cfg.Arrivals
	if a == nil || !c.fresh || c.owner.Load() != ownedByReactor {
		return
	}
	c.fresh = false
	if c.x.Refusal == nil {
		a.Arrive(c.x, c.core.reactor.Looked())
	}
}

// Finish ends an exchange that the handler kept. It implements
// [exchange.Carrier] and runs on the reactor. It only schedules the rest: the
// handler's code is still on the stack.
func (c *conn) Finish(x *exchange.Exchange) {
	switch {
	case x != c.x:
		c.core.server.handler.Release(x) // scrapped meanwhile
	case c.phase == closed && c.onStack < handler:
		c.retireExchange() // broken meanwhile
	case c.phase != serving && c.phase != closed:
		c.core.server.cfg.Logger.Error("http1: an exchange was finished twice", slog.Int("core", c.core.reactor.Core()))
	case c.onStack >= handler:
		c.onStack = finishedHandler
	default:
		c.phase = answering
		c.resumeLater()
	}
}

// complete sends the answer on its way and makes the connection ready for the
// next request. It reports whether there is more to do.
func (c *conn) complete() bool {
	c.leaveServe()
	x := c.x
	if c.reader != nil {
		c.reader.detach(&c.loan) // first: the handler may have left somebody reading
	}
	if c.body != nil && !c.skipBody() {
		c.endBehind(closesUnread)
	}
	c.body = nil
	if x.CloseAfter || c.core.lastResponses() {
		c.endBehind(closes)
	}
	switch {
	case x.Hijacked(), c.descriptorGone:
		c.descriptorGone = true
		c.close()
	case x.Streamed():
		if err := c.endStream(); err != nil {
			c.abort()
		}
	default:
		c.answer(x)
	}
	if c.phase == closed {
		return false
	}
	c.endExchange()
	c.phase = reading
	if c.ending != staysOpen {
		c.phase = leaving
	}
	return true
}

// endExchange ends the current exchange and keeps its memory for the next
// request of this connection.
func (c *conn) endExchange() {
	c.detachStreams()
	c.begun = false
	c.core.server.handler.Release(c.x)
	c.x.Reset()
	if c.held != nil { // behind Release, which may read the head
		c.core.server.buffers.Put(c.held)
		c.held = nil
	}
}

// detachStreams makes the reader and the writer of x useless to whoever has
// kept them.
func (c *conn) detachStreams() {
	if c.reader != nil {
		c.reader.detach(&c.loan)
		c.reader = nil
	}
	if c.writer != nil {
		c.writer.detach()
		c.writer = nil
	}
}

// dropExchange gives the exchange back, whatever its state.
func (c *conn) dropExchange() {
	if c.x == nil {
		return
	}
	if c.begun {
		c.endExchange()
	} else if c.head >= someHead {
		c.x.Head.Reset()
	}
	c.core.server.exchanges.Put(c.x)
	c.x = nil
}
