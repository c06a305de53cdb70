package http2

import (
	"io"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
)

// bodyReader streams a request body from the reactor, which feeds it, to a goroutine. What it
// holds is bounded by the window of the stream: the client may send more once it was read.
//
// Owner: mu.
type bodyReader struct {
	mu   sync.Mutex
	s    *exchangeStream
	data []byte // data[at:] has come and was not read
	at   int
	err  error // what comes behind that; io.EOF: the end
	// trailers are the exchange's when the end was read: what a handler sees of them does not go by how fast they came.
	trailers []wire.Header
	over     bool // the exchange has ended
	// read is what was read since the reactor has heard of it; told: it is going to.
	read int
	told bool
	// asked: the reactor knows that somebody reads.
	asked   bool
	limit   int64 // what may still come
	endless bool  // it has all the time, and is no body: see tunnel.go
	credit  exchange.Credit
	waiting bool
	wake    chan struct{} // has room for one
}

func newBodyReader(s *exchangeStream) *bodyReader {
	return &bodyReader{
		s: s, limit: s.limit, wake: make(chan struct{}, 1),
		credit: exchange.NewCredit(s.c.core.server.cfg.BodyTimeout),
	}
}

// Read implements [io.Reader]. It fails with [exchange.ErrTimeout] when no byte comes, or next
// to none, for BodyTimeout, with [exchange.TooLong] beyond the limit of the route, and with
// [exchange.ErrBodyBroken] when the client stops or leaves.
func (r *bodyReader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(p) > 0 {
		switch {
		case r.over:
			return 0, exchange.ErrOver
		case r.at < len(r.data):
			return r.copy(p), nil
		case r.err != nil:
			if r.err == io.EOF {
				r.s.x.SetTrailers(r.trailers)
				r.trailers = nil
			}
			return 0, r.err
		}
		r.tell()
		r.wait()
	}
	return 0, nil
}

// copy moves what has come to p.
func (r *bodyReader) copy(p []byte) int {
	n := copy(p, r.data[r.at:])
	r.at += n
	r.read += n
	if !r.endless { // else the exchange may be over
		r.s.x.Received.Add(int64(n))
	}
	if r.at == len(r.data) {
		r.data, r.at = r.data[:0], 0
		if r.endless && cap(r.data) > quietBuffer {
			r.data = nil
		}
	}
	if r.read >= streamWindow/4 || r.endless && r.read >= firstWindow/4 {
		r.tell()
	}
	return n
}

// tell lets the reactor know what was read, and that more is wanted.
func (r *bodyReader) tell() {
	if !r.told && (r.read > 0 || !r.asked) {
		r.told, r.asked = true, true
		r.s.c.core.reactor.Post((*bodyRead)(r)) // false: the reactor has ended, and everything with it
	}
}

// wait blocks until something has changed, or the time is over.
func (r *bodyReader) wait() {
	r.waiting = true
	var late <-chan time.Time
	if !r.endless {
		timer := time.NewTimer(r.credit.Left())
		defer timer.Stop()
		late = timer.C
	}
	r.mu.Unlock()
	start := time.Now()
	var gone error
	select {
	case <-r.wake:
	case <-late:
		gone = exchange.ErrTimeout
	case <-r.s.c.core.reactor.Ended(): // nobody else would say so
		gone = ErrServerClosed
	}
	r.mu.Lock()
	r.credit.Spend(time.Since(start))
	if gone != nil && r.waiting && r.err == nil && !r.over {
		r.err = gone
	}
	r.waiting = false
	select {
	case <-r.wake: // it came at the last moment
	default:
	}
}

// signal wakes who waits. Under mu.
func (r *bodyReader) signal() {
	if r.waiting {
		r.waiting = false
		r.wake <- struct{}{}
	}
}

// feed takes a piece of the body. Reactor only.
func (r *bodyReader) feed(p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over || r.err != nil {
		r.s.c.credit(len(p))
		return
	}
	if r.limit -= int64(len(p)); r.limit < 0 {
		r.err = exchange.TooLong
		r.s.c.credit(len(p))
		r.signal()
		return
	}
	if r.at > 0 && len(r.data)+len(p) > cap(r.data) {
		r.data, r.at = append(r.data[:0], r.data[r.at:]...), 0
	}
	r.data = append(r.data, p...)
	r.s.c.credit(len(p) - r.creditFor(len(p)))
	r.credit.Earn(len(p))
	r.signal()
}

// finish notes that all of the body has come. Reactor only.
func (r *bodyReader) finish() { r.fail(io.EOF) }

// trail notes what stands behind the body. Reactor only.
func (r *bodyReader) trail(list []wire.Header) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.endless { // else the exchange may be over
		r.trailers = list
	}
}

// fail ends the body behind what has come. Reactor only.
func (r *bodyReader) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
	r.signal()
}

// creditFor is how many of n bytes that have come the connection is let send again when they are
// read: of a tunnel it was when they came.
func (r *bodyReader) creditFor(n int) int {
	if r.endless {
		return 0
	}
	return n
}

// detach makes r useless to a handler that has kept it, and returns how many bytes the client
// has not been told about on the connection. Reactor only.
func (r *bodyReader) detach() (unread int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	unread = r.creditFor(len(r.data) - r.at + r.read)
	r.over, r.data, r.at, r.read = true, nil, 0, 0
	r.signal()
	return unread
}

// bodyRead is a reader that has read something, or wants to.
//
// Owner: reactor.
type bodyRead bodyReader

// Run implements [async.Task].
func (b *bodyRead) Run() {
	r := (*bodyReader)(b)
	r.mu.Lock()
	n := r.read
	r.read, r.told = 0, false
	over := r.over
	r.mu.Unlock()
	s := r.s
	s.c.credit(r.creditFor(n))
	if over || s.dead {
		return
	}
	s.askForBody()
	s.credit(n)
	s.c.flushSoon()
}

var _ async.Task = (*bodyRead)(nil)
