package http2

import (
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
)

// Slow clients, as in package http1: what has no fixed size has to make progress. It starts
// with its whole timeout, every byte that moves earns exchange.PerByte, and it never has more
// than the whole timeout left.

// later is a deadline that n bytes have moved; full is how far off it may be.
func later(deadline, now, full time.Duration, n int) time.Duration {
	if deadline == 0 {
		return now + full
	}
	return min(deadline+time.Duration(n)*exchange.PerByte, now+full)
}

// expectBody begins the time that a body which is collected may take.
func (s *exchangeStream) expectBody() { s.earnBody(0) }

func (s *exchangeStream) earnBody(n int) {
	if s.heldBack && s.room == 0 { // it is the client who waits
		s.bodyBy = 0
		return
	}
	k := s.c.core
	s.bodyBy = later(s.bodyBy, k.sinceEpoch(), k.server.cfg.BodyTimeout, n)
	s.c.fireBy(s.bodyBy)
}

// reopened gives the bodies that are collected the time in which their client could send nothing:
// handlers had not read what it sent on other streams.
func (c *conn) reopened() {
	if c.shut == 0 {
		return
	}
	now := c.core.sinceEpoch()
	for _, s := range c.collecting {
		if s.bodyBy != 0 {
			s.bodyBy = min(s.bodyBy+now-c.shut, now+c.core.server.cfg.BodyTimeout)
			c.fireBy(s.bodyBy)
		}
	}
	c.shut = 0
}

// earnSending notes that n bytes of the response have moved while more of it waits.
func (s *exchangeStream) earnSending(n int) {
	k := s.c.core
	s.sendBy = later(s.sendBy, k.sinceEpoch(), k.server.cfg.WriteTimeout, n)
	s.c.fireBy(s.sendBy)
}

// outputBlocked notes that the kernel takes no more after n bytes.
func (c *conn) outputBlocked(n int) {
	c.writeBy = later(c.writeBy, c.core.sinceEpoch(), c.core.server.cfg.WriteTimeout, n)
	c.fireBy(c.writeBy)
	if c.waiting == nil {
		c.waiting = &exchange.Waiting{Cut: (*unwritten)(c).cut}
	}
	buffers, _ := c.socket.Kept()
	c.core.unsent.Wait(c.waiting, buffers, nil, n > 0)
}

// expectRoom begins the time that the client may leave all its streams without room.
func (c *conn) expectRoom() {
	if c.roomBy == 0 {
		c.roomBy = c.core.sinceEpoch() + c.core.server.cfg.WriteTimeout
		c.fireBy(c.roomBy)
	}
}

// earnRoom notes that n bytes have moved.
func (c *conn) earnRoom(n int) {
	if c.roomBy != 0 {
		c.roomBy = later(c.roomBy, c.core.sinceEpoch(), c.core.server.cfg.WriteTimeout, n)
	}
}

// watchIdle begins the time that a connection may be idle.
func (c *conn) watchIdle() {
	if c.phase == open && c.idleBy == 0 && len(c.streams)+c.zombies == 0 {
		c.idleBy = c.core.sinceEpoch() + c.core.server.cfg.IdleTimeout
		c.fireBy(c.idleBy)
	}
}

// fireBy makes the timer fire at that time or before.
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
	if c.phase == closed {
		return
	}
	now := c.core.sinceEpoch()
	c.expire(now)
	if next := c.due(); c.phase != closed && next != 0 {
		c.fireBy(max(next, now))
	}
	c.check()
}

// expire ends what took too long.
func (c *conn) expire(now time.Duration) {
	over := func(deadline time.Duration) bool { return deadline != 0 && deadline <= now }
	switch {
	case over(c.writeBy):
		c.core.countExpired()
		c.core.reactor.Poller().Discard(c.socket.FD()) // the kernel need not keep what is not taken
		c.breakOff(exchange.ErrTimeout)
		return
	case over(c.headBy):
		c.core.countExpired()
		c.fail(errSlow)
		c.flush()
		return
	case over(c.idleBy):
		c.idleBy = 0
		if c.phase == lingering {
			c.breakOff(exchange.ErrClientGone)
		} else {
			c.goAway()
		}
		return
	}
	stuck := over(c.roomBy) && c.window <= 0 // else it is the socket that takes no more
	if over(c.roomBy) {
		c.roomBy = 0
	}
	for _, s := range c.streams {
		switch {
		case over(s.bodyBy) && c.shut == 0:
			c.core.countExpired()
			s.bodyBy = 0
			s.refuse(exchange.TooSlow)
		case over(s.sendBy) && s.queued && !stuck: // it waits for its turn, not for its client
			s.sendBy = now + c.core.server.cfg.WriteTimeout
		case over(s.sendBy), stuck && s.queued:
			c.core.countExpired()
			c.logTooSlow(s)
			c.giveUp(s, exchange.ErrTimeout)
		}
	}
	c.flush()
	c.watchIdle()
}

// due is the earliest of the deadlines; zero: there is none.
func (c *conn) due() time.Duration {
	next := time.Duration(0)
	earliest := func(deadline time.Duration) {
		if deadline != 0 && (next == 0 || deadline < next) {
			next = deadline
		}
	}
	earliest(c.writeBy)
	earliest(c.headBy)
	earliest(c.idleBy)
	earliest(c.roomBy)
	for _, s := range c.streams {
		if c.shut == 0 { // else it is set anew
			earliest(s.bodyBy)
		}
		earliest(s.sendBy)
	}
	return next
}

var _ async.Task = (*alarm)(nil)
