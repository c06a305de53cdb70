package http1

import (
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/poll"
	"github.com/fasterapi/fasterapi/internal/stream"
)

// What a goroutine waits for. The end of a connection ends every wait.
const (
	waitInput  = poll.In | poll.Hangup | poll.Closed
	waitOutput = poll.Out | poll.Closed
)

// lend hands the connection to a goroutine. The reactor must not touch it
// afterwards, but for loan and its own fields.
func (c *conn) lend() {
	c.lending = false
	c.x.Moved(false)
	if c.timerAt == 0 {
		c.setTimer(c.core.server.cfg.IdleTimeout) // see alarm
	}
	c.owner.Store(onLoan)
	c.core.reactor.Worker(c)
}

// Run serves a connection on loan, and every pipelined request that is there,
// on a pooled goroutine. It implements [async.Task].
func (c *conn) Run() {
	for {
		c.work()
		if c.giveBack() {
			return
		}
	}
}

// giveBack returns the connection to its reactor. It fails when events came
// while it was away: the goroutine handles them, which is cheaper than
// crossing over.
func (c *conn) giveBack() bool {
	move := c.phase == ready
	if move {
		c.x.Moved(true)
	}
	l := &c.loan
	l.mu.Lock()
	if l.seen != 0 && !move && c.phase != closed {
		seen := l.seen
		l.seen = 0
		l.mu.Unlock()
		c.take(seen)
		return false
	}
	// The reactor arms timers, closes descriptors and runs its own handlers.
	recall := move || c.phase == closed || c.impatient()
	c.owner.Store(ownedByReactor)
	l.mu.Unlock()
	if recall {
		c.core.reactor.Post((*recalled)(c))
	}
	return true
}

// recalled is a connection that came back with work for its reactor.
//
// Owner: reactor.
type recalled conn

// Run implements [async.Task].
func (r *recalled) Run() {
	c := (*conn)(r)
	if c.owner.Load() == onLoan {
		return // an event was faster, and lent it again
	}
	c.take(c.loan.seen)
	c.loan.seen = 0
	switch c.phase {
	case closed:
		c.core.forget(c)
	case ready:
		c.advance()
	default:
		c.arm()
	}
}

var _ async.Task = (*recalled)(nil)

// note keeps the events of a connection on loan, wakes its goroutine if it
// waits for them, and cancels the exchange when the client is gone. It
// reports false when the connection has just come back.
func (c *conn) note(ev poll.Ready) bool {
	l := &c.loan
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.owner.Load() != onLoan {
		return false
	}
	l.seen |= ev
	if l.wants&ev != 0 {
		l.wants = 0
		l.wake <- struct{}{} // one slot, and wants is set only when it is empty
	}
	if l.live && ev&(poll.Hangup|poll.Closed) != 0 {
		c.core.server.handler.Cancel(c.x, exchange.ErrClientGone)
	}
	return true
}

// cancelOnLoan cancels the exchange of a connection on loan.
func (c *conn) cancelOnLoan(cause error) {
	c.loan.mu.Lock()
	defer c.loan.mu.Unlock()
	if c.loan.live {
		c.core.server.handler.Cancel(c.x, cause)
	}
}

// mayCancel opens and closes the time in which the reactor may cancel the
// exchange of a connection on loan.
func (c *conn) mayCancel(live bool) {
	if c.owner.Load() == ownedByReactor {
		return // same goroutine: nothing to guard
	}
	c.loan.mu.Lock()
	c.loan.live = live
	c.loan.mu.Unlock()
}

// wait blocks the goroutine until one of the events has come. It fails with
// [exchange.ErrTimeout].
func (c *conn) wait(events poll.Ready, timeout time.Duration) error {
	if c.waitsNot(events) {
		return nil
	}
	l := &c.loan
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-l.wake:
	case <-timer.C:
		if !c.gaveUp() {
			return exchange.ErrTimeout
		}
	}
	l.mu.Lock()
	seen := l.seen
	l.seen &^= poll.In | poll.Out
	l.mu.Unlock()
	c.take(seen)
	return nil
}

// waitsNot takes the events that have come. When none of the wanted ones is
// among them it asks note to signal wake, and reports false.
func (c *conn) waitsNot(events poll.Ready) bool {
	l := &c.loan
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := l.seen
	l.seen &^= poll.In | poll.Out // the end of a connection stays seen
	c.take(seen)
	if seen&events != 0 {
		return true
	}
	if l.wake == nil {
		l.wake = make(chan struct{}, 1)
	}
	l.wants = events
	return false
}

// gaveUp ends a wait that timed out; true: an event came at the last moment.
func (c *conn) gaveUp() bool {
	l := &c.loan
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wants != 0 {
		l.wants = 0
		return false
	}
	<-l.wake
	return true
}

// flushOnLoan writes everything that is pending, waiting for the client.
func (c *conn) flushOnLoan() error {
	for c.socket.Pending() > 0 {
		switch c.socket.Flush(&c.core.server.buffers) {
		case stream.Done:
			return nil
		case stream.Broken:
			return stream.ErrBroken
		}
		if err := c.wait(waitOutput, c.core.server.cfg.WriteTimeout); err != nil {
			return err
		}
	}
	return nil
}
