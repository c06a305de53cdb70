package http1

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/poll"
)

// loan is what the reactor and the goroutines share while a connection is lent.
//
// Owner: mu; shaking: any (atomic). output: while a handler has the exchange, the output of the socket, and
// what its response is going to say of the connection.
type loan struct {
	mu     sync.Mutex
	output sync.Mutex // may be held when mu is taken
	// seen are the events that arrived meanwhile.
	seen poll.Ready
	// live: x may be cancelled.
	live bool
	// behind: answers to earlier requests wait while the handler works; the
	// reactor may write them.
	behind bool
	// cut: the server closes; waiting for the client is over.
	cut bool
	// shaking: it is lent for its TLS handshake.
	shaking atomic.Bool
	// lag is when the reactor looks after them next time; zero: there was no
	// second request.
	lag time.Duration
	// writing waits to write; reading, nil until then, waits to read the body.
	writing waiter
	reading *waiter
}

// lend hands the connection to a goroutine. The reactor must not touch it
// afterwards, but for loan and its own fields.
func (c *conn) lend() {
	c.handover = staysHere
	c.flush()
	if c.phase == closed {
		return
	}
	if c.x != nil { // else it makes its handshake
		c.x.OwnerChanged(false)
	}
	c.loan.lag = 0
	if c.pos < len(c.in) {
		c.loan.lag = pipelinedLag
	}
	c.fireBy(c.core.sinceEpoch() + c.nextLook())
	c.waitNoMore() // what waits now is small, and the goroutine may write it
	c.owner.Store(onLoan)
	if c.begun {
		c.core.queue.Give(c)
	} else { // it shakes hands
		c.core.spawn(c)
	}
}

// nextLook is how soon the reactor looks at a connection on loan. Every time
// takes twice as long as the last one.
func (c *conn) nextLook() time.Duration {
	idle := c.core.server.cfg.IdleTimeout
	if c.loan.lag == 0 {
		return idle
	}
	lag := c.loan.lag
	c.loan.lag = min(2*lag, idle)
	return min(lag, idle)
}

// flushBehind writes what waits behind a handler that takes its time. It
// returns when to look again.
func (c *conn) flushBehind() time.Duration {
	c.loan.mu.Lock()
	defer c.loan.mu.Unlock()
	if c.loan.behind {
		c.socket.Flush(&c.core.server.buffers) // the goroutine learns how it went when it flushes
	}
	return c.nextLook()
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
	core, l := c.core, &c.loan
	l.mu.Lock()
	if l.seen != 0 && !move && c.phase != closed {
		seen := l.seen
		l.seen = 0
		l.mu.Unlock()
		c.take(seen)
		return false
	}
	// The reactor arms timers, closes descriptors and runs its own handlers.
	recall := move || c.phase == closed || c.hasDeadlineSoon()
	if c.begun { // its body is still to come, or its handler runs there
		c.x.OwnerChanged(true)
	}
	c.owner.Store(ownedByReactor)
	l.mu.Unlock()
	// A draining core that saw the connection on loan relies on its return: one
	// of the two sees the other.
	if (recall || core.draining.Load()) && !core.reactor.Post((*recalled)(c)) {
		c.closeWithoutReactor()
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
	if c.phase == closed {
		c.core.forget(c)
		return
	}
	if c.deadline == 0 {
		c.arm()
	}
	if c.socket.Pending() > 0 && c.waiting == nil {
		c.outputBlocked(0)
	}
	if c.phase == ready || c.phase == reading && c.core.draining.Load() {
		c.resumeLater()
	}
}

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
	l.signal(ev)
	if l.live && ev&(poll.Hangup|poll.Closed) != 0 {
		c.core.server.handler.Cancel(c.x, exchange.ErrClientGone)
	}
	return true
}

// signal gives ev to those who wait, or may wait later.
func (l *loan) signal(ev poll.Ready) {
	l.writing.seen |= ev
	l.writing.signal(ev)
	if l.reading != nil {
		l.reading.seen |= ev
		l.reading.signal(ev)
	}
}

// cutLoan cancels the exchange of a connection on loan and ends its waiting
// for the client. It reports false when the connection has just come back.
func (c *conn) cutLoan(cause error) bool {
	l := &c.loan
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.owner.Load() != onLoan {
		return false
	}
	l.cut = true
	l.writing.signal(l.writing.wants)
	if l.reading != nil {
		l.reading.signal(l.reading.wants)
	}
	if l.live {
		c.core.server.handler.Cancel(c.x, cause)
	}
	return true
}

// enterServe begins the time in which the reactor may cancel the exchange of a
// connection on loan, and write its earlier answers. It reports false when the
// client is gone.
func (c *conn) enterServe() bool {
	if c.owner.Load() == ownedByReactor {
		return c.peer != peerGone
	}
	l := &c.loan
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.peer == peerGone || l.seen&poll.Closed != 0 || l.cut {
		return false
	}
	l.live, l.behind = true, c.socket.Pending() > 0
	return true
}

// cancelIfLeft sees to it that the exchange, which is about to be served, is
// cancelled when the client has closed its sending side before: no event is going to
// tell. It comes in a later turn of the reactor, so that a client which waits for its
// answer (RFC 9112 9.6) gets it from a handler that does not wait.
func (c *conn) cancelIfLeft() {
	left, onReactor := c.peer != peerOpen, c.owner.Load() == ownedByReactor
	if !onReactor {
		c.loan.mu.Lock()
		left = left || c.loan.seen&(poll.Hangup|poll.Closed) != 0
		c.loan.mu.Unlock()
	}
	switch {
	case !left, c.x.Refusal != nil: // it waits for the answer, or does not: nothing else is done for it
	case onReactor:
		c.core.reactor.Schedule((*departed)(c))
	default:
		c.core.reactor.Post((*departed)(c)) // false: the reactor has ended, and cut everything
	}
}

// departed is a connection whose client has closed its sending side.
//
// Owner: reactor.
type departed conn

// Run implements [async.Task]. The connection may have come further, or to its end.
func (d *departed) Run() {
	c := (*conn)(d)
	l := &c.loan
	l.mu.Lock()
	onLoan := c.owner.Load() == onLoan
	if onLoan && l.live {
		c.core.server.handler.Cancel(c.x, exchange.ErrClientGone)
	}
	l.mu.Unlock()
	if !onLoan && c.phase == serving {
		c.core.server.handler.Cancel(c.x, exchange.ErrClientGone)
	}
}

// leaveServe ends that time.
func (c *conn) leaveServe() {
	if c.owner.Load() == ownedByReactor {
		return
	}
	c.loan.mu.Lock()
	c.loan.live, c.loan.behind = false, false
	c.loan.mu.Unlock()
}

// takeOutput ends the reactor's part in writing, while the handler goes on. ended:
// the client has closed its sending side.
func (c *conn) takeOutput() (ended bool) {
	c.loan.mu.Lock()
	defer c.loan.mu.Unlock()
	c.loan.behind = false
	return c.peer != peerOpen
}

var (
	_ async.Task = (*recalled)(nil)
	_ async.Task = (*departed)(nil)
)
