package http1

import (
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/problem"
)

const (
	// lingerTimeout is how long the peer may take to close its side. nginx's
	// lingering_timeout is 5 s; ours is for answers to bad requests only.
	lingerTimeout = 2 * time.Second
	// lingerAtMost is how many bytes are read and thrown away meanwhile.
	lingerAtMost = 1 << 20
)

// leave writes what is left and ends the connection.
func (c *conn) leave() bool {
	if !c.flush() {
		c.awaitTaken()
		return false
	}
	if c.ending != closesUnread && !c.readable && c.pos == len(c.in) {
		c.close()
		return false
	}
	c.socket.End()
	c.dropInput()
	c.dropExchange()
	c.phase, c.lingered = lingering, 0
	c.readable = true
	c.expect(lingerTimeout)
	return true
}

// awaitTaken lets a connection whose last response waits for the client do so
// without an exchange, and without a buffer that holds nothing.
func (c *conn) awaitTaken() {
	if c.phase != leaving {
		return // closed meanwhile
	}
	c.dropExchange()
	if c.pos == len(c.in) {
		c.dropInput()
	}
}

// linger throws input away until the peer closes.
func (c *conn) linger() bool {
	c.in, c.pos = c.in[:0], 0
	if !c.fill() {
		if c.phase == lingering {
			c.dropInput()
		}
		return false
	}
	c.lingered += uint32(len(c.in))
	if c.lingered > lingerAtMost {
		// Reading on would serve a peer that only sends; closing now would
		// reset the answer it has not read yet. The timer closes.
		c.readable = false
		c.dropInput()
		return false
	}
	return true
}

// abort ends a connection that is of no more use, with whatever it was doing.
func (c *conn) abort() { c.abortFor(errBroken) }

// abortFor is abort for a cause of its own. Cancel may run the rest of a
// handler, so it comes last.
func (c *conn) abortFor(cause error) {
	served := c.phase == serving
	c.socket.Detach() // no close_notify: not all was sent
	c.close()
	if served && c.x != nil {
		c.core.server.handler.Cancel(c.x, cause)
	}
}

// cutOff is abortFor for a client that does not take its response: the kernel need not
// keep for it what it has not taken.
func (c *conn) cutOff(cause error) {
	if c.phase != closed {
		c.core.reactor.Poller().Discard(c.socket.FD())
	}
	c.abortFor(cause)
}

// close gives everything back, but what a handler still has: Finish does that
// (see retireExchange). The descriptor is closed by the reactor.
func (c *conn) close() {
	if c.phase == closed {
		return
	}
	served := c.phase == serving
	c.phase = closed
	c.body = nil
	if !served {
		c.retireExchange()
	}
	c.socket.Goodbye()
	c.socket.Drop(&c.core.server.buffers)
	c.writeBy = 0
	if c.owner.Load() == ownedByReactor {
		c.waitNoMore()
		c.core.forget(c)
	}
}

// retireExchange gives back what a closed connection has kept for its handler.
func (c *conn) retireExchange() {
	c.dropExchange()
	c.dropInput()
}

// contain ends what a panic (v) or a runtime.Goexit (nil) of a handler has
// begun. It reports whether the connection can go on here and now.
func (c *conn) contain(v any) bool {
	handling := c.onStack >= handler
	c.onStack = nothing
	switch {
	case c.phase == serving:
		if (c.x.Status == 0 || v != nil) && !exchange.Fail(c.core.server.handler, c.x, v) {
			c.x.Respond(500, problem.ContentType, problem.Internal("").AppendJSON(nil))
		}
		c.phase = answering
	case c.phase == closed && handling: // it broke while the handler was suspended
		c.retireExchange()
	default:
		c.closeUntrusted()
	}
	if v != nil {
		c.core.server.cfg.Logger.Error("a handler panicked outside of its route", slog.Any("panic", v),
			slog.String("stack", string(debug.Stack())))
		return !c.leaveInterrupted()
	}
	c.continueElsewhere()
	return false
}

// continueElsewhere lets a connection go on elsewhere, because this goroutine is ending.
func (c *conn) continueElsewhere() {
	if c.owner.Load() == ownedByReactor {
		c.resumeLater()
		return
	}
	if !c.core.reactor.Post(async.TaskFunc(func() { c.core.spawn(c) })) {
		c.closeWithoutReactor()
	}
}

// closeUntrusted closes a connection whose state is not to be trusted. What its handler
// may still hold is left to the garbage collector.
func (c *conn) closeUntrusted() {
	c.socket.Detach() // no close_notify: not all was sent
	if c.x != nil {
		c.detachStreams()
	}
	c.x, c.in, c.held, c.body = nil, nil, nil, nil
	c.pos, c.begun = 0, false
	c.close()
}

// closeWithoutReactor closes the descriptor of a connection whose reactor has stopped. It
// runs on a goroutine, so what the reactor owned is left alone.
func (c *conn) closeWithoutReactor() {
	if c.descriptorGone {
		return
	}
	c.descriptorGone = true
	c.owner.Store(onLoan)
	c.closeUntrusted()
	c.core.reactor.Poller().CloseFD(c.socket.FD())
}
