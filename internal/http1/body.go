package http1

import (
	"io"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
	"github.com/fasterapi/fasterapi/internal/stream"
)

// discardAtMost is how many bytes of an unwanted body are read to keep the
// connection; for a longer one closing is cheaper.
const discardAtMost = 256 << 10

// body is a request body that is still arriving.
//
// Owner: the owner of the connection.
type body struct {
	// left is what is missing of a body with a length, in bytes; -1: chunked.
	left    int64
	discard bool
	chunks  wire.Chunks
	// data are the decoded bytes of a chunked body.
	data []byte
}

// admit asks the handler what to do with the body that follows the head.
func (c *conn) admit() {
	x := c.x
	adm := c.core.server.handler.Admit(x)
	length := x.Head.ContentLength
	if x.Head.Chunked {
		length = -1
	}
	if length > adm.Limit && !adm.Discard {
		c.refuse(413, "the request body is too large")
		return
	}
	unread := c.in[c.pos:]
	switch {
	case length >= 0 && int64(len(unread)) >= length:
		x.Body = unread[:length:length]
		c.pos += int(length)
		return
	case adm.Discard && (x.Head.Expect100 || length > discardAtMost):
		c.mustClose, c.unread = true, true // the body is never read
		return
	case x.Head.Expect100 && len(unread) == 0:
		c.socket.SetOut(append(c.out(), "HTTP/1.1 100 Continue\r\n\r\n"...))
	}
	c.expectBody(length, adm)
}

// expectBody prepares for a body that has not come whole.
func (c *conn) expectBody(length int64, adm exchange.Admission) {
	limit := adm.Limit
	if adm.Discard {
		limit = discardAtMost
	}
	c.body = &body{left: length, discard: adm.Discard}
	c.body.chunks.Reset(wire.ChunkLimits{BodyBytes: max(limit, 1)})
	if adm.Stream && (length < 0 || length > c.core.server.cfg.StreamAbove) {
		c.x.Stream = (*bodyReader)(c)
		return
	}
	c.phase = collecting
	c.expectWithin(c.core.server.cfg.BodyTimeout)
}

// collectBody takes what has come of the body; when that is all of it, the
// exchange is ready.
func (c *conn) collectBody() bool {
	done, err := c.takeBody()
	switch {
	case err != nil:
		c.refuseFor(err)
		return true
	case done:
		c.x.Body = c.body.data
		c.body = nil
		c.phase = ready
		c.expectNothing()
		return true
	case !c.fill():
		return false
	}
	c.expectWithin(c.core.server.cfg.BodyTimeout)
	return true
}

// takeBody moves unread input into the body.
func (c *conn) takeBody() (done bool, err error) {
	b, unread := c.body, c.in[c.pos:]
	switch {
	case b.left < 0:
		return c.takeChunks(unread)
	case b.discard:
		n := min(int64(len(unread)), b.left)
		c.pos += int(n)
		b.left -= n
		return b.left == 0, nil
	case int64(len(unread)) < b.left:
		return false, nil // the bytes stay in c.in, which grows with them
	}
	b.data = unread[:b.left:b.left]
	c.pos += int(b.left)
	return true, nil
}

// takeChunks decodes unread into the body.
func (c *conn) takeChunks(unread []byte) (done bool, err error) {
	b := c.body
	for len(unread) > 0 && !b.chunks.Done() {
		data, used, err := b.chunks.Next(unread)
		if err != nil {
			return false, err
		}
		c.pos += used
		unread = unread[used:]
		if !b.discard {
			b.data = append(b.data, data...)
		}
	}
	return b.chunks.Done(), nil
}

// bodyReader streams a request body to the goroutine that has the connection
// on loan. The socket is read only as fast as the body is.
//
// Owner: the goroutine that has the connection on loan.
type bodyReader conn

// Read implements [io.Reader]. It fails with [exchange.ErrTimeout] when no
// byte comes for BodyTimeout, with a [wire.Error] of status 413 beyond the
// limit of the route or of status 400 for bad framing, and with
// io.ErrUnexpectedEOF when the client leaves.
func (r *bodyReader) Read(p []byte) (int, error) {
	c := (*conn)(r)
	b := c.body
	if b == nil {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, done, err := c.readBody(p)
		switch {
		case err != nil:
			c.mustClose, c.unread = true, true
			return n, err
		case done:
			c.body = nil
			if n == 0 {
				return 0, io.EOF
			}
			return n, nil
		case n > 0:
			return n, nil
		}
		if err := c.fillBody(); err != nil {
			c.mustClose, c.unread = true, true
			return 0, err
		}
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
func (c *conn) fillBody() error {
	if err := c.flushOnLoan(); err != nil { // a pending 100 Continue
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
			return nil
		case stream.Again:
			if err := c.wait(waitInput, c.core.server.cfg.BodyTimeout); err != nil {
				return err
			}
		default:
			return io.ErrUnexpectedEOF
		}
	}
}
