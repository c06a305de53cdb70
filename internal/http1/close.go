package http1

import (
	"time"
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
		return false
	}
	if c.ended || !c.unread && c.pos == len(c.in) {
		c.close()
		return false
	}
	c.core.reactor.Poller().Shutdown(c.socket.FD())
	c.dropInput()
	c.phase, c.lingered = lingering, 0
	c.readable = true
	c.expectWithin(lingerTimeout)
	return true
}

// linger throws input away until the peer closes.
func (c *conn) linger() bool {
	c.in, c.pos = c.in[:0], 0
	if !c.fill() {
		return false
	}
	c.lingered += len(c.in)
	if c.lingered > lingerAtMost {
		c.close()
		return false
	}
	return true
}

// abort ends a connection that is of no more use, with whatever it was doing.
func (c *conn) abort() {
	if c.phase == serving {
		// The handler still has the exchange: it is left to the garbage
		// collector once the handler finishes it.
		c.core.server.handler.Cancel(c.x, errBroken)
		c.x = nil
	}
	c.close()
}

// close gives everything back. The descriptor is closed by the reactor.
func (c *conn) close() {
	if c.phase == closed {
		return
	}
	c.phase = closed
	c.body = nil
	c.dropExchange()
	c.dropInput()
	c.socket.Drop(&c.core.server.buffers)
	if c.owner.Load() == ownedByReactor {
		c.core.forget(c)
	}
}

// expectWithin gives the current phase d to make progress.
func (c *conn) expectWithin(d time.Duration) {
	c.patience = d
	if c.owner.Load() == ownedByReactor {
		c.arm()
	}
}

// expectNothing ends the current expectation. The timer stays armed: it costs
// less to let it fire in vain once per timeout than to move it per request.
func (c *conn) expectNothing() {
	c.patience = 0
	if c.owner.Load() == ownedByReactor {
		c.deadline = 0
	}
}

// impatient tells whether the phase has a deadline that must be armed soon. An
// idle connection can wait until the armed timer notices it.
func (c *conn) impatient() bool {
	return c.patience > 0 && (c.phase != reading || c.partial || c.socket.Pending() > 0)
}

// arm sets the deadline from the patience of the phase. Reactor only.
func (c *conn) arm() {
	if c.patience == 0 || c.phase == closed {
		c.deadline = 0
		return
	}
	c.deadline = c.core.sinceEpoch() + c.patience
	if c.timerAt == 0 || c.deadline < c.timerAt {
		c.setTimer(c.patience)
	}
}

func (c *conn) setTimer(d time.Duration) {
	c.timerAt = c.core.sinceEpoch() + d
	c.core.reactor.Arm(&c.timer, d)
}

// alarm is a connection whose timer has fired.
//
// Owner: reactor.
type alarm conn

// Run implements [async.Task].
func (a *alarm) Run() {
	c := (*conn)(a)
	c.timerAt = 0
	if c.owner.Load() == onLoan {
		c.setTimer(c.core.server.cfg.IdleTimeout)
		return
	}
	if c.phase == closed {
		return
	}
	if c.deadline == 0 { // came back from a loan, or is being served
		c.arm()
		return
	}
	if wait := c.deadline - c.core.sinceEpoch(); wait > 0 {
		c.setTimer(wait)
		return
	}
	c.expire()
}

// expire ends a phase that took too long.
func (c *conn) expire() {
	switch {
	case c.socket.Pending() > 0 || c.phase == lingering || c.phase == leaving:
		c.core.expired.Add(1)
		c.abort()
	case c.phase == collecting, c.phase == reading && c.partial:
		c.core.expired.Add(1)
		c.refuse(408, "the request took too long to arrive")
		c.advance()
	case c.phase == reading:
		c.close()
	}
}
