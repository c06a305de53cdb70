package stream

import (
	"syscall"

	"github.com/fasterapi/fasterapi/internal/poll"
)

// held is a body that is written from where its owner has it, and what goes before
// it. A client that does not read costs this, and no copy of the body.
//
// Owner: that of the socket.
type held struct {
	// before has still to be written; it lies in buffer, which is borrowed.
	before, buffer []byte
	// body is what is left of whole.
	body, whole []byte
}

func (h *held) pending() int { return len(h.before) + len(h.body) }

// took notes that the kernel took n bytes.
func (h *held) took(n int, pool *Buffers) {
	head := min(n, len(h.before))
	h.before, h.body = h.before[head:], h.body[n-head:]
	if len(h.before) == 0 {
		h.putBack(pool)
	}
}

// putBack ends the lease of the buffer.
func (h *held) putBack(pool *Buffers) {
	if h.buffer != nil {
		pool.Put(h.buffer)
	}
	h.before, h.buffer = nil, nil
}

// flushHeld writes what is held. On Done nothing is, and the body is let go of.
func (s *Socket) flushHeld(pool *Buffers) Status {
	h := s.held
	for h.pending() > 0 {
		n, errno := s.writeHeld()
		switch {
		case n > 0:
			h.took(n, pool)
		case errno == syscall.EINTR:
		case poll.Again(errno):
			return Again
		default:
			return Broken
		}
	}
	h.putBack(pool)
	s.held = nil
	return Done
}

func (s *Socket) writeHeld() (int, poll.Errno) {
	if len(s.held.before) == 0 {
		return s.poller.Write(s.fd, s.held.body)
	}
	return s.poller.Writev(s.fd, [][]byte{s.held.before, s.held.body})
}

// Holds tells whether a body is held.
func (s *Socket) Holds() bool { return s.held != nil }

// Gathered is the number of waiting bytes that are not of a body that is held.
func (s *Socket) Gathered() int {
	gathered := s.Pending()
	if s.held != nil {
		gathered -= len(s.held.body)
	}
	return gathered
}

// Own copies what is left of the body that was given to FlushWith: its memory is
// free afterwards.
func (s *Socket) Own() {
	if h := s.held; h != nil {
		h.body = append([]byte(nil), h.body...)
		h.whole = h.body
	}
}

// Kept is the memory that waiting output takes: that of buffers in bytes, and the
// body that is held, as it was given to FlushWith.
func (s *Socket) Kept() (buffers int, body []byte) {
	buffers = cap(s.out)
	if s.held != nil {
		buffers += cap(s.held.buffer)
		body = s.held.whole
	}
	if s.session != nil {
		_, sealed := s.session.pending()
		buffers += sealed
	}
	return buffers, body
}

// Hold is FlushWith without the flush. What waits for a connection that is not written by
// its socket is moved on with [Socket.Take].
func (s *Socket) Hold(body []byte) {
	if s.held != nil {
		s.out = append(s.out, body...)
		return
	}
	s.held = &held{before: s.out[s.sent:], buffer: s.out, body: body, whole: body}
	s.out, s.sent = nil, 0
}

// Take moves as much of what is held to p as fits, and returns how many bytes that
// were.
func (s *Socket) Take(pool *Buffers, p []byte) int {
	h := s.held
	n := copy(p, h.before)
	n += copy(p[n:], h.body)
	if h.took(n, pool); h.pending() == 0 {
		s.held = nil
	}
	return n
}
