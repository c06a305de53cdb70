package http1

import (
	"io"
	"sync"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/stream"
)

// bodyReader streams a request body to the goroutine that has the connection
// on loan. The socket is read only as fast as the body is.
//
// Owner: mu (a handler may have kept it).
type bodyReader struct {
	mu     sync.Mutex
	c      *conn // nil once the exchange has ended
	credit credit
	err    error // sticky
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
	if err == nil || err == io.EOF && n > 0 {
		return n, nil
	}
	r.err = err
	if err != io.EOF {
		r.c.mustClose, r.c.unread = true, true
	}
	return n, err
}

// read returns at least one byte, or the error that ends the body.
func (r *bodyReader) read(p []byte) (int, error) {
	c := r.c
	for c.body != nil {
		n, done, err := c.readBody(p)
		if done {
			c.x.Trailers = c.body.chunks.Trailers()
			c.body = nil
		}
		if n > 0 || err != nil {
			return n, err
		}
		if done {
			break
		}
		if err := c.fillBody(&r.credit); err != nil {
			return 0, err
		}
	}
	return 0, io.EOF
}

// detach makes r useless to a handler that has kept it.
func (r *bodyReader) detach() {
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

// fillBody reads more input, waiting for it if need be.
func (c *conn) fillBody(k *credit) error {
	c.takeOutput()
	c.askForBody()
	if err := c.flushOnLoan(k); err != nil {
		return err
	}
	for {
		if c.pos == len(c.in) && c.held != nil {
			c.in, c.pos = c.in[:0], 0
		}
		c.makeRoom()
		room, had := cap(c.in)-len(c.in), len(c.in)
		var status stream.Status
		c.in, status = c.socket.Fill(c.in)
		switch status {
		case stream.Done:
			c.readable = len(c.in)-had == room || c.ended
			k.earn(len(c.in) - had)
			return nil
		case stream.Again:
			if err := c.wait(waitInput, k); err != nil {
				return err
			}
		default:
			return exchange.ErrBodyBroken
		}
	}
}
