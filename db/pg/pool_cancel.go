package pg

import "github.com/fasterapi/fasterapi/db/driver"

// cancellation tells a core that nobody needs q any more.
//
// Owner: reactor.
type cancellation struct {
	c *core
	q *driver.Query
}

// Run is called on the core.
func (x *cancellation) Run() {
	switch id := x.q.Hook.Core.Load(); {
	case id == 0: // ended
	case id != x.c.id: // moved on
		x.c = x.c.d.core(id)
		x.c.r.Post(x)
	default:
		x.c.cancel(x.q)
	}
}

// cancel drops q where it is.
func (c *core) cancel(q *driver.Query) {
	switch stateOf(q) {
	case stateWaiting:
		l := &c.waiting
		if q.Hook.State&flagExclusive != 0 {
			l = &c.exclusive
		}
		l.Remove(q)
		c.endWait(q)
		c.unreserve()
		c.finish(q, q.Cause())
	case stateHeld:
		c.cancelHeld(q)
	case stateSent:
		cn := q.Hook.Holder.(*conn)
		if q.Op == driver.OpBegin || q.Op == driver.OpCommit || q.Op == driver.OpRollback || q.Op == driver.OpStop {
			return // they are short, and their session hangs on them
		}
		cn.cancelSent(q, q.Cause())
	}
}

func (c *core) cancelHeld(q *driver.Query) {
	switch h := q.Hook.Holder.(type) {
	case *session:
		if !q.Op.EndsSession() {
			h.queue.Remove(q)
			c.finish(q, q.Cause())
		}
	case *entry:
		h.first = nil
		c.finish(q, q.Cause())
	case *writeCheck:
		h.remove(q)
		c.finish(q, q.Cause())
	case *prepared:
		h.waiting.Remove(q)
		h.cn.parked--
		h.cn.endUnsent(q, q.Cause())
	}
}
