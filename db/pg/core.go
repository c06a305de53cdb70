package pg

import (
	"errors"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
	"github.com/fasterapi/fasterapi/internal/stream"
	"github.com/fasterapi/fasterapi/reactor"
)

// core is the pool of one reactor: its connections, its statements, and the
// calls that wait for a connection.
//
// Owner: reactor. inbox, counts: any (atomic). d, b, r, id, index, cfg: immutable.
type core struct {
	d     *driver
	b     *binding
	r     *reactor.Reactor
	id    int32 // in driver.cores, from 1
	index int   // in binding.cores
	cfg   *Config
	inbox inbox

	shares bool // short reads may share a transaction: immutable

	conns      []*conn
	slots      uint64 // bit i: slot i is taken
	opening    int    // connections that are being made
	failures   int    // to connect, in a row
	connectErr error  // of the last try, nil after a success
	retryAt    time.Time

	waiting    queue // for any connection
	exclusive  queue // for a connection of their own
	statements statements
	pinned     map[*db.Query][]*statement // see pin
	types      *wire.Types
	sessions   int

	read       []byte // lent to the connection that reads
	cipher     []byte // the same for TLS, once there is a connection with it
	buffers    stream.Buffers
	dirty      []*conn
	spareDirty []*conn

	spareGroups []*group

	keeper    reactor.Timer // looks after idle connections and late calls
	keepAt    time.Time
	lostConns int // broken, not yet replaced
	closing   bool
	counts    counts
}

func newCore(d *driver, b *binding, r *reactor.Reactor) *core {
	c := &core{d: d, b: b, r: r, cfg: &d.cfg, types: wire.NewTypes(d.cfg.Types)}
	c.shares = d.cfg.ShortReads == ReadsShared
	c.statements = statements{bySQL: map[string]*statement{}, limit: d.cfg.StatementCache}
	c.read = make([]byte, 0, readSize)
	c.keeper.Task = async.TaskFunc(c.tick)
	return c
}

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
}

// accept begins with q, which belongs to this core from now on.
func (c *core) accept(q *db.Query) {
	if s, ok := q.Hook.Holder.(*session); ok {
		s.take(q)
		return
	}
	c.take(q)
}

// take finds a connection for q, or lets it wait for one.
func (c *core) take(q *db.Query) {
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

// statementOf returns the statement of q; nil for what has none.
func (c *core) statementOf(q *db.Query) *statement {
	if q.Op == db.OpPing || q.Op == db.OpBatch {
		return nil
	}
	return c.statement(q.SQL)
}

// wait queues q.
func (c *core) wait(q *db.Query, l *queue) {
	if c.overflow(q) {
		return
	}
	again := q.Hook.State&(flagRetried|flagAlone) != 0 // it has had its turn
	if !again && c.waiting.length+c.exclusive.length >= c.cfg.MaxWaiting {
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
	l.push(q)
	if l == &c.exclusive {
		c.reserve()
	}
	c.openWanted()
	c.scheduleKeeper(c.cfg.AcquireTimeout)
}

// runAgain runs q once more, before those that wait.
func (c *core) runAgain(q *db.Query) {
	q.Hook.Holder = nil
	setState(q, stateNew)
	c.take(q)
}

// endTurn is called after answers have come on cn: what waits may go on.
func (c *core) endTurn(cn *conn) {
	if !cn.dead && cn.load() == 0 && cn.held == nil && cn.retire {
		cn.quit()
		c.openWanted()
	}
	c.serve()
	c.publish()
}

// serve gives connections to those that wait, as far as there are any, the
// oldest first.
func (c *core) serve() {
	c.unreserve()
	for c.waiting.length+c.exclusive.length > 0 {
		alone, other := c.exclusive.head, c.waiting.head
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
	q := c.exclusive.pop()
	c.endWait(q)
	newSession(cn).runBeforeUse(q)
	return true
}

// serveShared gives the first of the others a place.
func (c *core) serveShared() bool {
	q := c.waiting.head
	s := c.statementOf(q)
	cn := c.place(s)
	if cn == nil {
		if cn = c.idle(); cn == nil || c.exclusive.length > 0 && c.exclusive.head.Hook.Since.Before(q.Hook.Since) {
			return false
		}
	}
	c.waiting.remove(q)
	c.endWait(q)
	cn.run(q, s)
	return true
}

// endWait ends the wait of q.
func (c *core) endWait(q *db.Query) {
	c.counts.waiting.Add(-1)
	c.counts.waitTime.Add(uint64(c.r.Now().Sub(q.Hook.Since)))
	q.Hook.Since = time.Time{}
}

// expire fails the calls that have waited too long; it returns how long the
// next one has still got, 0 if there is none.
func (c *core) expire(now time.Time) time.Duration {
	var next time.Duration
	for _, l := range [...]*queue{&c.waiting, &c.exclusive} {
		for q := l.head; q != nil; q = l.head {
			left := c.cfg.AcquireTimeout - now.Sub(q.Hook.Since)
			if left > 0 {
				if next == 0 || left < next {
					next = left
				}
				break
			}
			l.remove(q)
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

// requeueParked takes the calls back that waited for statements on a connection that
// is gone. They have not run; but a statement that takes the server down when it
// is prepared must not do that for ever.
func (c *core) requeueParked(cn *conn, why error) {
	innocent := errors.Is(why, errReplaced) || shutdown(why)
	for _, s := range c.statements.bySQL {
		p := s.on[cn.slot]
		if p == nil {
			continue
		}
		s.on[cn.slot] = nil
		s.uses--
		list := p.waiting
		p.waiting = queue{}
		for q := list.pop(); q != nil; q = list.pop() {
			// With held, fail ends the session itself: it must not go on here.
			if cn.held != nil || !innocent && q.Hook.State&flagRetried != 0 {
				c.finish(q, brokenError(why, q.SQL, true))
				continue
			}
			if !innocent {
				q.Hook.State |= flagRetried
			}
			c.runAgain(q)
		}
	}
	cn.parked = 0
}

// endLost ends what a broken connection has not answered.
func (cn *conn) endLost(u *unit, why error, safe bool) {
	c := cn.core
	if u.q == nil || u.kind == unitPrepare {
		return
	}
	if cn.held != nil {
		// The transaction is rolled back, unless this was its COMMIT.
		safe = safe || u.q.Op != db.OpCommit && cn.held.tx
	} else if safe && !u.q.Cancelled() && u.q.Hook.State&flagRetried == 0 && u.q.Rewind() {
		u.q.Hook.State |= flagRetried
		c.runAgain(u.q)
		return
	}
	c.finish(u.q, brokenError(why, u.q.SQL, safe))
}

// finish ends q, here on its core.
func (c *core) finish(q *db.Query, err error) {
	c.count(q, err)
	c.unpin(q)
	if stateOf(q) != stateSent {
		q.Unsent()
	}
	setState(q, stateDone)
	pooled := q.Hook.Core.Swap(0) != 0
	b := c.b
	site := q.Site()
	if site.Scheduler == async.Scheduler(c.r) {
		if !site.Direct {
			c.r.Woke()
		}
		q.FinishHere(err)
	} else {
		q.Finish(err)
	}
	if pooled {
		b.leave()
	}
}

// count enters the end of a query in the statistics.
func (c *core) count(q *db.Query, err error) {
	n := &c.counts
	n.queries.Add(1)
	if err == nil {
		err = q.Err()
	}
	switch {
	case err == nil, errors.Is(err, db.ErrNoRows):
	case q.Cancelled():
		n.cancelled.Add(1)
	default:
		n.errors.Add(1)
		if errors.Is(err, db.ErrPoolExhausted) {
			n.exhausted.Add(1)
		}
	}
}
