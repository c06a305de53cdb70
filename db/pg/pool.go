package pg

import (
	"time"

	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
)

// inboxTask is the core as the task that empties its inbox.
//
// Owner: reactor.
type inboxTask core

// Run takes up what other goroutines have sent.
func (m *inboxTask) Run() {
	c := (*core)(m)
	for q := c.inbox.take(); q != nil; {
		next := q.Hook.Next
		q.Hook.Next = nil
		c.counts.waiting.Add(-1)
		c.accept(q)
		q = next
	}
	c.checkRest()
}

// accept begins with q, which belongs to this core from now on.
func (c *core) accept(q *driver.Query) {
	if s, ok := q.Hook.Holder.(*session); ok {
		s.take(q)
		return
	}
	c.take(q)
}

// take finds a connection for q, or lets it wait for one.
func (c *core) take(q *driver.Query) {
	switch {
	case c.closing:
		c.finish(q, db.ErrClosed)
		return
	case q.Cancelled():
		c.finish(q, q.Cause())
		return
	}
	s, alone, err := c.admit(q, false)
	if err != nil {
		c.finish(q, err)
		return
	}
	if alone {
		q.Hook.State |= flagExclusive
		if cn := c.idle(); cn != nil {
			newSession(cn).runBeforeUse(q)
			return
		}
		c.wait(q, &c.exclusive)
		return
	}
	if cn := c.place(s); cn != nil {
		cn.run(q, s)
		return
	}
	c.wait(q, &c.waiting)
}

// statementOf returns the statement of q; nil for pings and batches.
func (c *core) statementOf(q *driver.Query) *statement {
	if q.Op == driver.OpPing || q.Op == driver.OpBatch {
		return nil
	}
	return c.statement(q.SQL)
}

// wait queues q.
func (c *core) wait(q *driver.Query, l *driver.Queue) {
	if c.overflow(q) {
		return
	}
	again := q.Hook.State&(flagRetried|flagAlone) != 0 // it has had its turn
	if !again && c.waiting.Len()+c.exclusive.Len() >= c.cfg.MaxWaiting {
		c.finish(q, db.ErrPoolExhausted)
		return
	}
	if q.Hook.Since.IsZero() {
		q.Hook.Since = c.r.Now()
		c.counts.waits.Add(1)
	}
	q.Hook.Holder = nil
	setState(q, stateWaiting)
	c.counts.waiting.Add(1)
	c.stir()
	l.Push(q)
	if l == &c.exclusive {
		c.reserve()
	}
	c.openWanted()
	c.scheduleKeeper(c.cfg.AcquireTimeout)
}

// runAgain runs q once more, before those that wait.
func (c *core) runAgain(q *driver.Query) {
	q.Hook.Holder = nil
	setState(q, stateNew)
	c.take(q)
}

// endTurn ends a turn in which something happened on cn: it is closed if it should
// be, and calls that wait may go on.
func (c *core) endTurn(cn *conn) {
	if cn.life == connRetiring && cn.load() == 0 && cn.held == nil {
		cn.quit()
		c.openWanted()
	}
	c.serve()
	c.publish()
	cn.check()
}

// serve gives connections to those that wait, as far as there are any, the
// oldest first.
func (c *core) serve() {
	c.unreserve()
	for c.waiting.Len()+c.exclusive.Len() > 0 {
		alone, other := c.exclusive.First(), c.waiting.First()
		if alone != nil && (other == nil || alone.Hook.Since.Before(other.Hook.Since)) {
			if !c.serveAlone() && (other == nil || !c.serveShared()) {
				return
			}
			continue
		}
		if !c.serveShared() && (alone == nil || !c.serveAlone()) {
			return
		}
	}
}

// serveAlone gives the first of those who need a connection alone one.
func (c *core) serveAlone() bool {
	cn := c.idle()
	if cn == nil {
		return false
	}
	q := c.exclusive.Pop()
	c.endWait(q)
	newSession(cn).runBeforeUse(q)
	return true
}

// serveShared gives the first of the others a place.
func (c *core) serveShared() bool {
	q := c.waiting.First()
	s := c.statementOf(q)
	cn := c.place(s)
	if cn == nil {
		if cn = c.idle(); cn == nil || c.exclusive.Len() > 0 && c.exclusive.First().Hook.Since.Before(q.Hook.Since) {
			return false
		}
	}
	c.waiting.Remove(q)
	c.endWait(q)
	cn.run(q, s)
	return true
}

// endWait ends the wait of q.
func (c *core) endWait(q *driver.Query) {
	c.counts.waiting.Add(-1)
	c.counts.waitTime.Add(uint64(c.r.Now().Sub(q.Hook.Since)))
	q.Hook.Since = time.Time{}
}

// expire fails the calls that have waited too long; it returns how long the
// next one has still got, 0 if there is none.
func (c *core) expire(now time.Time) time.Duration {
	var next time.Duration
	for _, l := range [...]*driver.Queue{&c.waiting, &c.exclusive} {
		for q := l.First(); q != nil; q = l.First() {
			left := c.cfg.AcquireTimeout - now.Sub(q.Hook.Since)
			if left > 0 {
				if next == 0 || left < next {
					next = left
				}
				break
			}
			l.Remove(q)
			c.endWait(q)
			c.finish(q, c.exhausted())
		}
	}
	return next
}

// exhausted is why there was no connection in time.
func (c *core) exhausted() error {
	if c.connectErr != nil && len(c.conns) == 0 {
		return connectError(c.connectErr)
	}
	return db.ErrPoolExhausted
}
