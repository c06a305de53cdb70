package http1

import (
	"time"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// Slow clients. A head has a fixed time from its first byte. What has no fixed
// size, a body or a response, has to make progress: it starts with its whole
// timeout, every byte that moves earns perByte, and it never has more than the
// whole timeout left. So a client that sends or takes a byte now and then runs
// out of time as surely as one that does nothing, and a slow but steady one
// does not.
const perByte = exchange.PerByte

// pipelinedLag is how long answers to pipelined requests wait for the handler
// of the next one, before they are sent without its answer.
const pipelinedLag = 10 * time.Millisecond

// expect gives the current phase d to make progress.
func (c *conn) expect(d time.Duration) {
	c.patience = d
	if c.owner.Load() == ownedByReactor {
		c.arm()
	}
}

// expectNothing ends the current expectation. The timer stays armed: it costs
// less to let it fire in vain once per timeout than to move it per request.
func (c *conn) expectNothing() { c.patience, c.deadline = 0, 0 }

// extendDeadline prolongs the deadline of the phase by what n bytes are worth.
func (c *conn) extendDeadline(n int) {
	if c.deadline != 0 { // zero on loan: the time begins at the return
		c.deadline = min(c.deadline+time.Duration(n)*perByte, c.core.sinceEpoch()+c.patience)
	}
}

// outputBlocked notes that output is blocked after n bytes of it have left.
func (c *conn) outputBlocked(n int) {
	if c.owner.Load() == onLoan {
		c.writeBy = 0 // the time begins at the return
		return
	}
	latest := c.core.sinceEpoch() + c.core.server.cfg.WriteTimeout
	if c.writeBy == 0 {
		c.writeBy = latest
	}
	c.writeBy = min(c.writeBy+time.Duration(n)*perByte, latest)
	c.fireBy(c.writeBy)
	c.waitForClient(n > 0)
}

// hasDeadlineSoon tells whether a connection that comes back has a deadline that must
// be armed soon. An idle one can wait until the armed timer notices it, so it
// closes after one to two times IdleTimeout.
func (c *conn) hasDeadlineSoon() bool {
	return c.socket.Pending() > 0 || c.patience > 0 && (c.phase != reading || c.head == timedHead || c.head == firstHead)
}

// arm sets the deadline from the patience of the phase. Reactor only.
func (c *conn) arm() {
	c.deadline = 0
	if c.patience > 0 && c.phase != closed {
		c.deadline = c.core.sinceEpoch() + c.patience
		c.fireBy(c.deadline)
	}
}

// fireBy makes the timer fire at that time or before. Reactor only.
func (c *conn) fireBy(at time.Duration) {
	if c.timerAt == 0 || at < c.timerAt {
		c.timerAt = at
		c.core.reactor.Arm(&c.timer, at-c.core.sinceEpoch())
	}
}

// alarm is a connection whose timer has fired.
//
// Owner: reactor.
type alarm conn

// Run implements [async.Task].
func (a *alarm) Run() {
	c := (*conn)(a)
	c.timerAt = 0
	now := c.core.sinceEpoch()
	if c.owner.Load() == onLoan {
		c.fireBy(now + c.flushBehind())
		return
	}
	if c.phase == closed {
		return
	}
	if c.deadline == 0 {
		c.arm() // an idle connection that came back from a loan
	}
	due := c.due()
	switch {
	case due == 0:
	case due > now:
		c.fireBy(due)
	default:
		c.expire(now)
	}
}

// due is the earlier one of the deadlines; zero: there is none.
func (c *conn) due() time.Duration {
	if c.deadline == 0 || c.writeBy != 0 && c.writeBy < c.deadline {
		return c.writeBy
	}
	return c.deadline
}

// expire ends a phase that took too long.
func (c *conn) expire(now time.Duration) {
	switch {
	case c.writeBy != 0 && c.writeBy <= now:
		c.core.countExpired()
		c.logCutOff()
		c.cutOff(errBroken)
	case c.phase == lingering:
		c.core.countExpired()
		c.abort()
	case c.phase == collecting, c.phase == reading && c.head == timedHead:
		c.core.countExpired()
		c.refuse(exchange.TooSlow)
		c.advance()
	case c.phase == securing:
		c.core.countExpired()
		c.close()
	case c.phase == reading:
		c.close()
	}
}
