package http1

import (
	"io"
	"sync"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/poll"
	"github.com/fasterapi/fasterapi/internal/stream"
)

// bodyReader streams a request body while a goroutine has the connection on loan:
// to that one, or to another that the handler has given it to. The socket is read
// only as fast as the body is.
//
// Owner: mu (a handler may have kept it). waiter: the mu of the loan.
type bodyReader struct {
	mu     sync.Mutex
	c      *conn // nil once the exchange has ended
	credit exchange.Credit
	err    error // sticky
	waiter waiter
}

// Read implements [io.Reader]. It fails with [exchange.ErrTimeout] when no
// byte comes, or next to none, for BodyTimeout, with a [wire.Error] of status
// 413 beyond the limit of the route or of status 400 for bad framing, and with
// [exchange.ErrBodyBroken] when the client stops or leaves.
func (r *bodyReader) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil || len(p) == 0 {
		return 0, r.err
	}
	n, err := r.read(p)
	if n > 0 {
		r.c.x.Received.Add(int64(n))
	}
	if err == nil || err == io.EOF && n > 0 {
		return n, nil
	}
	if r.err = err; err != io.EOF && err != exchange.ErrOver {
		r.c.leaveBody()
	}
	return n, err
}

// read returns at least one byte, or the error that ends the body.
func (r *bodyReader) read(p []byte) (int, error) {
	c := r.c
	for c.body != nil {
		n, done, err := c.readBody(p)
		if done {
			c.x.SetTrailers(c.body.chunks.Trailers())
			c.body = nil
		}
		if n > 0 || err != nil {
			return n, err
		}
		if done {
			break
		}
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
	return 0, io.EOF
}

// detach makes r useless to a handler that has kept it. A Read that waits for the
// client fails at once: nobody waits for it.
func (r *bodyReader) detach(l *loan) {
	l.mu.Lock()
	r.waiter.over = true
	r.waiter.signal(r.waiter.wants)
	l.reading = nil
	l.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.c = nil
	if r.err == nil {
		r.err = exchange.ErrOver
	}
}

// readBody copies unread input into p.
func (c *conn) readBody(p []byte) (n int, done bool, err error) {
	b, unread := c.body, c.in[c.pos:]
	if b.left >= 0 {
		n = copy(p[:min(int64(len(p)), b.left)], unread)
		c.pos += n
		b.left -= int64(n)
		return n, b.left == 0, nil
	}
	n, used, err := b.chunks.Decode(p, unread)
	c.pos += used
	return n, b.chunks.Done(), err
}

// leaveBody notes that the rest of the body is not read.
func (c *conn) leaveBody() {
	c.loan.output.Lock()
	defer c.loan.output.Unlock()
	c.endBehind(closesUnread)
}

// fill reads more input, waiting for it if need be.
func (r *bodyReader) fill() error {
	c := r.c
	c.takeOutput()
	for {
		events, err := r.ask()
		if err != nil {
			return err
		}
		if c.pos == len(c.in) && c.held != nil {
			c.in, c.pos = c.in[:0], 0
		}
		c.makeRoom()
		room, had := cap(c.in)-len(c.in), len(c.in)
		var status stream.Status
		c.in, status = c.socket.Fill(c.in)
		switch status {
		case stream.Done:
			c.readable = len(c.in)-had == room || c.peer != peerOpen || c.socket.ReadAgain()
			r.credit.Earn(len(c.in) - had)
			return nil
		case stream.Again:
			if err := c.wait(&r.waiter, events, &r.credit); err != nil {
				return err
			}
		default:
			return exchange.ErrBodyBroken
		}
	}
}

// ask sends what a client may be waiting for before it sends more: the answers to
// earlier requests, 100 Continue, the head of the response. It returns what to wait
// for. It does not wait for the client to take all of that, which may be
// busy sending.
func (r *bodyReader) ask() (poll.Ready, error) {
	c := r.c
	c.loan.output.Lock()
	defer c.loan.output.Unlock()
	c.askForBody()
	before := c.socket.Pending()
	if before == 0 {
		return waitInput, nil
	}
	status := c.socket.Flush(&c.core.server.buffers)
	r.credit.Earn(before - c.socket.Pending())
	switch status {
	case stream.Done:
		return waitInput, nil
	case stream.Again:
		return waitInput | poll.Out, nil
	default:
		return 0, stream.ErrBroken
	}
}
