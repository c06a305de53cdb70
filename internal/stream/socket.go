package stream

import (
	"errors"
	"syscall"

	"github.com/fasterapi/fasterapi/internal/poll"
)

// Status says how far a read or a flush came.
type Status uint8

// The results of Fill and Flush.
const (
	// Done: bytes were read, or everything was written.
	Done Status = iota
	// Again: the kernel has no more bytes, or takes no more, for now.
	Again
	// Ended: the peer closed its sending side (Fill only).
	Ended
	// Broken: the connection is of no more use.
	Broken
)

// ErrBroken is returned for writes to a connection that the peer has reset.
var ErrBroken = errors.New("stream: the connection is broken")

// Socket is a non-blocking descriptor and the bytes that wait to be written
// to it. The zero value is a socket without a descriptor.
//
// Owner: whoever owns the connection it is part of.
type Socket struct {
	poller poll.Poller
	fd     int
	// session is TLS to the peer; nil: there is none.
	session *Session
	// held is written first; nil: nothing is held.
	held *held
	// out[sent:] has still to be written.
	out  []byte
	sent int
}

// Open binds the socket to a descriptor.
func (s *Socket) Open(p poll.Poller, fd int) { s.poller, s.fd = p, fd }

// FD is the descriptor.
func (s *Socket) FD() int { return s.fd }

// Fill reads once into the free capacity of b and returns b with the bytes
// appended; over TLS until the kernel has no more, for a bounded number of records. b must
// have free capacity.
func (s *Socket) Fill(b []byte) ([]byte, Status) {
	if s.session != nil {
		return s.session.fill(b)
	}
	for {
		n, errno := s.poller.Read(s.fd, b[len(b):cap(b)])
		switch {
		case n > 0:
			return b[:len(b)+n], Done
		case errno == 0:
			return b, Ended
		case errno == syscall.EINTR:
		case poll.Again(errno):
			return b, Again
		default:
			return b, Broken
		}
	}
}

// ReadAgain tells that another Fill is due although the last one did not fill its buffer:
// over TLS it may have stopped early, or have met the end behind the bytes that it returned.
func (s *Socket) ReadAgain() bool {
	return s.session != nil && (s.session.over || s.session.stopped)
}

// Out is the buffer that is written last: append to it and hand it back with
// SetOut. It may be nil.
func (s *Socket) Out() []byte { return s.out }

// SetOut replaces the buffer that is written last.
func (s *Socket) SetOut(b []byte) { s.out = b }

// Pending is the number of bytes that wait to be written.
func (s *Socket) Pending() int {
	pending := len(s.out) - s.sent
	if s.held != nil {
		pending += s.held.pending()
	}
	if s.session != nil {
		sealed, _ := s.session.pending()
		pending += sealed
	}
	return pending
}

// Flush writes what waits. On Done the emptied buffer is put back into pool,
// so that an idle socket holds no memory.
func (s *Socket) Flush(pool *Buffers) Status {
	if s.session != nil {
		return s.flushSealed(pool)
	}
	if s.held != nil {
		if status := s.flushHeld(pool); status != Done {
			return status
		}
	}
	for s.sent < len(s.out) {
		n, errno := s.poller.Write(s.fd, s.out[s.sent:])
		switch {
		case n > 0:
			s.sent += n
		case errno == syscall.EINTR:
		case poll.Again(errno):
			s.compact()
			return Again
		default:
			return Broken
		}
	}
	s.Drop(pool)
	return Done
}

// compact forgets what was sent, so that output which is never written to its
// end does not grow for ever. It moves no byte more than once for each sent.
func (s *Socket) compact() {
	if s.sent*2 >= len(s.out) {
		s.out = s.out[:copy(s.out, s.out[s.sent:])]
		s.sent = 0
	}
}

// FlushWith writes what waits and then body, in one system call where the
// kernel takes both. Unless it returns Done, the socket holds on to body, which must
// stay unchanged until nothing is pending any more, [Socket.Own] or Drop.
func (s *Socket) FlushWith(pool *Buffers, body []byte) Status {
	if s.held != nil { // the engines do not come here: they wait
		s.out = append(s.out, body...)
		return s.Flush(pool)
	}
	if s.session != nil {
		s.Hold(body)
		return s.flushSealed(pool)
	}
	rest := body
	if s.sent == 0 { // else the kernel's buffer is full
		n, errno := s.poller.Writev(s.fd, [][]byte{s.out, body})
		if errno != 0 && !poll.Again(errno) && errno != syscall.EINTR {
			return Broken
		}
		n = max(n, 0)
		s.sent = min(n, len(s.out))
		rest = body[n-s.sent:]
	}
	if s.sent < len(s.out) || len(rest) > 0 {
		s.held = &held{before: s.out[s.sent:], buffer: s.out, body: rest, whole: body}
		s.out, s.sent = nil, 0
		s.held.took(0, pool)
	}
	return s.Flush(pool)
}

// Drop gives the write buffer back, with whatever it holds.
func (s *Socket) Drop(pool *Buffers) {
	if s.session != nil {
		s.session.drop()
	}
	s.dropPlain(pool)
}

func (s *Socket) dropPlain(pool *Buffers) {
	if s.out != nil {
		pool.Put(s.out)
	}
	s.out, s.sent = nil, 0
	if s.held != nil {
		s.held.putBack(pool)
		s.held = nil
	}
}
