package pg

import "github.com/fasterapi/fasterapi/db"

// A batch needs all of its statements at the same time. So from when it has to
// wait for one of them to be prepared until it ends none of them leaves the cache,
// which is larger than StatementCache in the meantime if it has to be.

// pin keeps the statements of a batch in the cache.
func (c *core) pin(q *db.Query) {
	if _, done := c.pinned[q]; done {
		return
	}
	list := make([]*statement, len(q.Items))
	for i, item := range q.Items {
		list[i] = c.statement(item.SQL)
		list[i].pins++
	}
	if c.pinned == nil {
		c.pinned = map[*db.Query][]*statement{}
	}
	c.pinned[q] = list
}

// unpin ends that, when q ends here or goes to another core.
func (c *core) unpin(q *db.Query) {
	if len(c.pinned) == 0 {
		return
	}
	list := c.pinned[q]
	delete(c.pinned, q)
	for _, s := range list {
		s.pins--
	}
	if len(list) > 0 {
		c.trim(nil)
	}
}

// trim makes the cache as small as it should be, as far as it can be: but for
// keep, and what is needed.
func (c *core) trim(keep *statement) {
	l := &c.statements
	for old := l.tail; len(l.bySQL) > l.limit && old != nil && old != keep; {
		prev := old.prev
		if old.pins == 0 && !old.busy() {
			c.evict(old)
		}
		old = prev
	}
}
