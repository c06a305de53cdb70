package sim

import (
	"fmt"
	"syscall"
	"time"

	"github.com/fasterapi/fasterapi/internal/poll"
)

// queue is what one poller has to report: the edges of what was registered there.
//
// Owner: Net.mu.
type queue struct {
	net    *Net
	edges  []*socket // have an edge to report, in order of arrival
	notify chan struct{}
}

func newQueue(n *Net) queue { return queue{net: n, notify: make(chan struct{}, 1)} }

// Wait reports the edges since the last call.
func (q *queue) Wait(events []poll.Event) int {
	q.net.mu.Lock()
	defer q.net.mu.Unlock()
	k := 0
	for k < len(events) && len(q.edges) > 0 {
		s := q.edges[0]
		q.edges = q.edges[1:]
		s.marked = false
		// As epoll does, leave out what is over by now.
		if r := s.ready(); s.registered && r != 0 {
			events[k] = poll.Event{FD: s.fd, Gen: s.gen, Ready: r}
			k++
		}
	}
	return k
}

// Park blocks until there is an edge, Wake is called, or the deadline, which is
// in real time, passes.
func (q *queue) Park(deadline time.Time) {
	q.net.mu.Lock()
	ready := len(q.edges) > 0
	q.net.mu.Unlock()
	if ready {
		return
	}
	var end <-chan time.Time
	if !deadline.IsZero() {
		t := time.NewTimer(time.Until(deadline))
		defer t.Stop()
		end = t.C
	}
	select {
	case <-q.notify:
	case <-end:
	}
}

// Wake ends the current Park, or else the next one.
func (q *queue) Wake() {
	select {
	case q.notify <- struct{}{}:
	default:
	}
}

// Add registers fd; what it is ready for already is its first edge.
func (q *queue) Add(fd int, gen uint32) error {
	q.net.mu.Lock()
	defer q.net.mu.Unlock()
	s := q.net.sockets[fd]
	switch {
	case s == nil:
		return fmt.Errorf("sim: register descriptor %d: %w", fd, syscall.EBADF)
	case s.registered:
		return fmt.Errorf("sim: register descriptor %d: %w", fd, syscall.EEXIST)
	}
	s.registered, s.gen, s.queue = true, gen, q
	if s.ready() != 0 {
		s.edge()
	}
	return nil
}

// Beside returns the poller of another reactor: it has the same sockets, and
// reports the edges of those that were registered with it.
func (n *Net) Beside() poll.Poller {
	b := &beside{Net: n}
	b.queue = newQueue(n)
	return b
}

// beside is what Beside returns.
//
// Owner: Net.mu.
type beside struct {
	*Net
	queue
}

// Wait, Park, Wake and Add are those of its own queue.
func (b *beside) Wait(events []poll.Event) int { return b.queue.Wait(events) }
func (b *beside) Park(deadline time.Time)      { b.queue.Park(deadline) }
func (b *beside) Wake()                        { b.queue.Wake() }
func (b *beside) Add(fd int, gen uint32) error { return b.queue.Add(fd, gen) }

// Close leaves the sockets to the Net.
func (*beside) Close() error { return nil }
