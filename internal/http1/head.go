package http1

import (
	"github.com/fasterapi/fasterapi/internal/http1/wire"
)

// flushAbove is how many bytes of responses gather before they are written
// although more pipelined requests wait: 64 KiB fill a default socket buffer.
const flushAbove = 64 << 10

// readHead looks for the next request head in what was read.
func (c *conn) readHead() bool {
	if c.lags() && !c.flush() {
		if c.pos == len(c.in) {
			c.awaitNext()
		}
		return false // the client does not read: do not answer more
	}
	if c.pos == len(c.in) {
		c.recycleInput()
		if !c.fill() {
			c.awaitNext()
			return false
		}
	}
	if c.x == nil {
		c.x = c.core.server.acquire()
	}
	switch c.speaksHTTP2() {
	case allOfPreface:
		c.handOverPlain()
		return false
	case someOfPreface:
		return c.awaitMoreOfHead()
	}
	n, err := c.x.Head.Parse(c.in[c.pos:], c.core.server.head)
	switch {
	case err != nil:
		c.refuseFor(err)
		return true
	case n == 0:
		return c.awaitMoreOfHead()
	}
	c.pos += n
	c.begin()
	return true
}

// awaitMoreOfHead reads more of a head that is not complete; false: nothing has come.
func (c *conn) awaitMoreOfHead() bool {
	c.head = max(c.head, someHead)
	if c.fill() {
		return true
	}
	c.awaitHead()
	return false
}

// begin starts the exchange whose head is complete.
func (c *conn) begin() {
	x := c.x
	c.expectNothing()
	c.attach()
	c.core.server.handler.Begin(x)
	c.ending = staysOpen
	if !x.Head.Persistent() {
		c.ending = closes
	}
	c.begun = true
	c.phase = ready
	if x.Head.Body() != wire.NoBody {
		c.admit()
	}
}

// attach makes x the exchange of the connection, before its handler knows it.
func (c *conn) attach() {
	c.head = nextHead
	c.staged = nil // while a body is held nothing is answered
	c.x.Attach(c, c.core.reactor, c.owner.Load() == ownedByReactor)
	c.x.SetCoroutine(c.co)
	c.x.Remote = c.remote
	if s := c.socket.Session(); s != nil {
		c.x.Secure, c.x.TLS = true, s
	}
}

// lags tells whether so much waits for the client that it gets no further answers.
func (c *conn) lags() bool { return c.socket.Pending() >= flushAbove || c.socket.Holds() }

// awaitNext lets an idle connection wait, without buffers and without an exchange.
func (c *conn) awaitNext() {
	if c.phase != reading || c.queued {
		return // closed meanwhile, or its turn comes
	}
	idle := c.socket.Pending() == 0
	if idle && c.core.draining.Load() {
		c.close()
		return
	}
	c.dropInput()
	c.dropExchange()
	if !idle || c.head == firstHead {
		return // the deadline of writing, or that of accept, stands
	}
	c.expect(c.core.server.cfg.IdleTimeout)
}

// awaitHead lets a connection wait for the rest of a head, which has a fixed
// time from its first byte.
func (c *conn) awaitHead() {
	if c.phase != reading || c.queued {
		return
	}
	if c.head != timedHead {
		c.head = timedHead
		c.expect(c.core.server.cfg.HeadTimeout)
	}
	c.shrinkInput()
}
