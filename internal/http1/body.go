package http1

import (
	"errors"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
)

// discardAtMost is how many bytes of an unwanted body are read to keep the
// connection; for a longer one closing is cheaper.
const discardAtMost = 256 << 10

// continued is the interim response that asks for the body.
const continued = "HTTP/1.1 100 Continue\r\n\r\n"

// body is a request body that is still arriving.
//
// Owner: the owner of the connection.
type body struct {
	// left is what is missing of a body with a length, in bytes; -1: chunked.
	left    int64
	discard bool
	// expected: the client waits for 100 Continue.
	expected bool
	chunks   wire.Chunks
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
		c.refuse(exchange.TooLong)
		return
	}
	unread := c.in[c.pos:]
	switch {
	case length >= 0 && int64(len(unread)) >= length:
		x.Body = unread[:length:length]
		c.pos += int(length)
	case adm.Discard && (x.Head.Expect100 || length > discardAtMost):
		c.endBehind(closesUnread) // the body is never read
	default:
		c.expectBody(length, adm)
	}
}

// expectBody prepares for a body that has not come whole.
func (c *conn) expectBody(length int64, adm exchange.Admission) {
	limit := adm.Limit
	if adm.Discard {
		limit = discardAtMost
	}
	b := &body{left: length, discard: adm.Discard}
	b.expected = c.x.Head.Expect100 && c.pos == len(c.in)
	b.chunks.Reset(wire.ChunkLimits{BodyBytes: max(limit, 1)})
	c.body = b
	if adm.MayStream && (length < 0 || length > c.core.server.cfg.StreamAbove) {
		c.reader = &bodyReader{c: c, credit: exchange.NewCredit(c.core.server.cfg.BodyTimeout)}
		c.x.BodyReader = c.reader
		return // its first Read asks for the body
	}
	c.phase = collecting
	c.expect(c.core.server.cfg.BodyTimeout)
	c.askForBody()
}

// askForBody sends 100 Continue to a client that waits for it, unless the
// final response has begun (RFC 9110 15.2: interim ones come before it).
func (c *conn) askForBody() {
	if c.body.expected && c.writer == nil {
		c.body.expected = false
		c.socket.SetOut(append(c.out(), continued...))
	}
}

// collectBody takes what has come of the body; when that is all of it, the
// exchange is ready.
func (c *conn) collectBody() bool {
	done, err := c.takeBody()
	switch {
	case err != nil && c.body.discard && tooLong(err):
		c.endBehind(closesUnread) // the answer is not about the body
		c.collected()
		return true
	case err != nil:
		c.refuseFor(err)
		return true
	case done:
		c.x.Body = c.body.data
		c.x.SetTrailers(c.body.chunks.Trailers())
		c.collected()
		return true
	}
	had := len(c.in) - c.pos
	if !c.fill() {
		return false
	}
	c.extendDeadline(len(c.in) - c.pos - had)
	return true
}

// collected ends the collecting of a body.
func (c *conn) collected() {
	c.body = nil
	c.phase = ready
	c.expectNothing()
}

func tooLong(err error) bool {
	bad, ok := errors.AsType[*wire.Error](err)
	return ok && bad.Status == 413
}

// skipBody throws away what the handler has left of the body. It reports whether
// all of it had come, so that the connection can go on. Nobody reads it any more.
func (c *conn) skipBody() bool {
	c.body.discard = true
	done, err := c.takeBody()
	return done && err == nil
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
