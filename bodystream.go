package fasterapi

import (
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// flushSoon is how long bytes of a stream may wait for more: short enough for
// a reader to see a slow source live, long enough to fill packets from a fast
// one.
const flushSoon = 20 * time.Millisecond

// bodyStream is a streamed body that opens with its first byte and is flushed
// soon after the source pauses. A timer flushes, so a waiting stream needs no
// goroutine besides its source.
//
// Owner: mu.
type bodyStream struct {
	c      *Ctx
	length int64
	delay  time.Duration

	mu     sync.Mutex
	body   exchange.BodyWriter // nil until open
	timer  *time.Timer
	unsent bool // the head, once it was decided, is of a response without content
	dirty  bool
	closed bool
	err    error
}

// newBodyStream returns a stream of length bytes, 0 for not known.
func newBodyStream(c *Ctx, length int64, delay time.Duration) *bodyStream {
	if length <= 0 {
		length = -1
	}
	return &bodyStream{c: c, length: length, delay: delay}
}

// open sends the head.
func (s *bodyStream) open() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.openLocked()
}

func (s *bodyStream) openLocked() error {
	if s.body == nil && s.err == nil {
		s.body, s.err = s.c.openBody(s.length)
		s.unsent = s.err == nil && !s.c.wantsContent()
	}
	return s.err
}

// Write implements [io.Writer]. It waits while the client does not read.
func (s *bodyStream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.openLocked(); err != nil {
		return 0, err
	}
	if s.closed {
		return 0, io.ErrClosedPipe
	}
	if s.unsent {
		return 0, http.ErrBodyNotAllowed
	}
	n, err := s.body.Write(p)
	if s.err = noContent(err); err != nil || s.dirty {
		return n, err
	}
	s.dirty = true
	if s.timer == nil {
		s.timer = time.AfterFunc(s.delay, s.flushLate)
	} else {
		s.timer.Reset(s.delay)
	}
	return n, nil
}

// flushLate sends what has waited.
func (s *bodyStream) flushLate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.err != nil {
		return
	}
	s.dirty = false
	defer func() {
		if v := recover(); v != nil { // of a filter; the next Write fails with it
			s.err = s.c.panicError(v)
		}
	}()
	s.err = s.body.Flush()
}

// close completes the body.
func (s *bodyStream) close() error {
	if err := s.open(); err != nil {
		return err
	}
	s.stop()
	return s.c.closeBody()
}

// stop makes sure that nothing is written any more. Any number of times.
func (s *bodyStream) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.timer != nil {
		s.timer.Stop()
	}
}
