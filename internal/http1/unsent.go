package http1

import (
	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
)

// waitForClient counts what the client has not taken; moved: it has taken something.
// Reactor only: what waits on loan is counted when it comes back.
func (c *conn) waitForClient(moved bool) {
	if c.waiting == nil {
		c.waiting = &exchange.Waiting{Cut: (*unsent)(c).cut}
	}
	buffers, body := c.socket.Kept()
	c.core.unsent.Wait(c.waiting, buffers, body, moved)
}

// taken notes that nothing is pending any more.
func (c *conn) taken() {
	c.writeBy = 0
	c.waitNoMore()
}

// waitNoMore ends the counting.
func (c *conn) waitNoMore() {
	if c.waiting != nil {
		c.core.unsent.Leave(c.waiting)
		c.waiting = nil
	}
}

// unsent is a connection that is to be cut off, because too much waits for clients.
//
// Owner: reactor.
type unsent conn

// cut lets Run work soon: another connection is at work now.
func (u *unsent) cut() { u.core.reactor.Schedule(u) }

// Run implements [async.Task]. The client may have taken everything meanwhile.
func (u *unsent) Run() {
	c := (*conn)(u)
	if c.owner.Load() == ownedByReactor && c.waiting != nil && c.core.unsent.WasCut(c.waiting) {
		c.cutOff(exchange.ErrUnsent)
		c.core.unsent.CutOff()
	}
}

var _ async.Task = (*unsent)(nil)
