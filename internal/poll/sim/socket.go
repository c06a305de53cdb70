package sim

import (
	"net/netip"
	"syscall"

	"github.com/fasterapi/fasterapi/internal/poll"
)

// socket is one end of a connection, or a listener.
//
// Owner: Net.mu.
type socket struct {
	net  *Net
	fd   int
	peer *socket
	from netip.AddrPort // the peer's address
	recv []byte
	size int // of recv, at most

	ended   bool // no more bytes will come: the peer shut its writing half
	shut    bool // this end did
	broken  bool // reset
	gone    bool // closed
	blocked bool // a write found no room; the next room is an edge
	discard bool // closing resets

	listener bool
	backlog  []*socket

	registered bool
	marked     bool   // in the edges of queue
	queue      *queue // of the poller that it was registered with; nil: none yet
	gen        uint32
}

// edge queues s for Wait.
func (s *socket) edge() {
	if s.registered && !s.marked {
		s.marked = true
		s.queue.edges = append(s.queue.edges, s)
	}
	if s.queue == nil {
		s.net.Wake()
		return
	}
	s.queue.Wake()
}

// ready is what epoll would report of s now.
func (s *socket) ready() poll.Ready {
	var r poll.Ready
	if s.listener {
		if len(s.backlog) > 0 {
			r = poll.In
		}
		return r
	}
	if len(s.recv) > 0 || s.ended || s.broken {
		r |= poll.In
	}
	if s.broken || s.shut || len(s.peer.recv) < s.peer.size {
		r |= poll.Out
	}
	if s.ended || s.broken {
		r |= poll.Hangup
	}
	if s.broken || s.ended && s.shut {
		r |= poll.Closed
	}
	return r
}

func (s *socket) read(p []byte) (int, poll.Errno) {
	switch {
	case s.broken:
		return 0, syscall.ECONNRESET
	case len(p) == 0:
		return 0, 0
	case len(s.recv) == 0 && s.ended:
		return 0, 0
	case len(s.recv) == 0:
		return 0, syscall.EAGAIN
	}
	n := copy(p, s.recv[:s.net.chop(min(len(p), len(s.recv)))])
	s.recv = s.recv[n:]
	if s.peer.blocked {
		s.peer.blocked = false
		s.peer.edge()
	}
	if len(s.recv) > 0 && n < len(p) {
		s.edge() // callers may take a short read for the last one
	}
	return n, 0
}

func (s *socket) write(p []byte) (int, poll.Errno) {
	switch {
	case s.broken:
		return 0, syscall.ECONNRESET
	case s.shut || s.peer.gone:
		return 0, syscall.EPIPE
	case len(p) == 0:
		return 0, 0
	}
	room := s.peer.size - len(s.peer.recv)
	if room <= 0 {
		s.blocked = true
		return 0, syscall.EAGAIN
	}
	n := s.net.chop(min(len(p), room))
	s.peer.recv = append(s.peer.recv, p[:n]...)
	s.peer.edge()
	switch {
	case n == room && n < len(p):
		s.blocked = true
	case n < len(p):
		s.edge() // callers may wait for room after a short write
	}
	return n, 0
}

func (s *socket) shutdown() {
	if s.shut || s.listener {
		return
	}
	s.shut = true
	s.peer.ended = true
	s.peer.edge()
}

func (s *socket) close() {
	s.gone, s.registered = true, false
	if s.listener {
		for _, waiting := range s.backlog {
			waiting.reset()
		}
		return
	}
	if s.discard {
		received := s.peer.recv
		s.reset()
		s.peer.recv = received
		return
	}
	if len(s.recv) > 0 {
		s.reset()
		return
	}
	s.shutdown()
}

// reset breaks both ends.
func (s *socket) reset() {
	if s.listener {
		s.close()
		return
	}
	s.gone = true
	for _, end := range []*socket{s, s.peer} {
		end.broken = true
		end.recv = nil
		end.edge()
	}
}
