package pg

import (
	"errors"
	"sync/atomic"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/db/driver"
)

// The states of a query, in its Hook, and flags beside them.
const (
	stateNew      uint8 = iota // on its way to a core
	stateWaiting               // in a core's list for a connection
	stateHeld                  // in a list that Holder names: a session's, or a statement's
	stateSent                  // on its way on a connection
	stateDone                  // finished
	stateMask     uint8 = 0x07
	flagAlone     uint8 = 0x08 // must not share a Sync: it has, with one that failed
	flagFresh     uint8 = 0x10 // its statement has just been described anew for it
	flagOverflow  uint8 = 0x20 // came from another core
	flagExclusive uint8 = 0x40 // needs a connection of its own
	flagRetried   uint8 = 0x80 // has been sent a second time
)

func setState(q *driver.Query, s uint8) { q.Hook.State = q.Hook.State&^stateMask | s }

func stateOf(q *driver.Query) uint8 { return q.Hook.State & stateMask }

// inbox brings queries from other goroutines to a core: a stack, linked through
// the hooks, which the core takes whole and turns over. Pushing allocates
// nothing.
//
// Owner: any (atomic).
type inbox struct{ top atomic.Pointer[driver.Query] }

// push adds q and tells whether the inbox was empty: then its task is not posted yet.
func (b *inbox) push(q *driver.Query) bool {
	for {
		top := b.top.Load()
		q.Hook.Next = top
		if b.top.CompareAndSwap(top, q) {
			return top == nil
		}
	}
}

// take empties the inbox: the oldest first, linked by Next.
func (b *inbox) take() *driver.Query {
	q := b.top.Swap(nil)
	var list *driver.Query
	for q != nil {
		next := q.Hook.Next
		q.Hook.Next, list = list, q
		q = next
	}
	return list
}

// post sends q to the core from anywhere.
func (c *core) post(q *driver.Query) {
	c.counts.waiting.Add(1)
	if c.inbox.push(q) && !c.r.Post((*inboxTask)(c)) {
		c.failInbox()
	}
}

// failInbox ends what was sent to a core whose reactor has stopped.
func (c *core) failInbox() {
	for q := c.inbox.take(); q != nil; {
		next := q.Hook.Next
		q.Hook.Next = nil
		c.counts.waiting.Add(-1)
		q.Finish(db.ErrClosed)
		c.b.leave()
		q = next
	}
}

// leave counts one query or session less.
func (b *binding) leave() {
	if b.active.Add(-1) == 0 && b.ending.Load() {
		b.once.Do(func() { close(b.drained) })
	}
}

// finish ends q, here on its core.
func (c *core) finish(q *driver.Query, err error) {
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
func (c *core) count(q *driver.Query, err error) {
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
