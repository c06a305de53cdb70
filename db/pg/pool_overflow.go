package pg

import "github.com/fasterapi/fasterapi/db/driver"

// overflow gives q, which would have to wait here, to a core that has a
// connection with nothing to do; once in its life.
func (c *core) overflow(q *driver.Query) bool {
	if len(c.b.cores) == 1 || q.Hook.State&flagOverflow != 0 || c.canOpen() > 0 {
		return false
	}
	for i := 1; i < len(c.b.cores); i++ {
		to := c.b.cores[(c.index+i)%len(c.b.cores)]
		if to.counts.idle.Load() == 0 || to.counts.waiting.Load() > 0 {
			continue
		}
		c.unpin(q)
		q.Hook.State |= flagOverflow
		setState(q, stateNew)
		q.Hook.Core.Store(to.id)
		c.counts.overflows.Add(1)
		to.post(q)
		return true
	}
	return false
}
