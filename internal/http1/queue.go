package http1

import "github.com/fasterapi/fasterapi/internal/exchange"

// A lent connection waits for its goroutine in the queue of its core ([exchange.Queue]), with
// the streams of HTTP/2.

// Waiter implements [exchange.Queued].
func (c *conn) Waiter() *exchange.Exchange { return c.x }

// Lend implements [exchange.Queued].
func (c *conn) Lend() { c.core.spawn(c) }

// TakeBack implements [exchange.Queued]: for a connection that was refused there is no
// goroutine.
func (c *conn) TakeBack() {
	c.loan.mu.Lock()
	c.x.OwnerChanged(true)
	c.owner.Store(ownedByReactor)
	c.loan.mu.Unlock()
	(*recalled)(c).Run()
}

// Queues are where the requests of each core wait for a goroutine, for engines that share the
// reactors.
func (s *Server) Queues() []*exchange.Queue {
	all := make([]*exchange.Queue, len(s.cores))
	for i, k := range s.cores {
		all[i] = k.queue
	}
	return all
}

var _ exchange.Queued = (*conn)(nil)
