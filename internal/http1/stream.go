package http1

import (
	"errors"
	"io"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
)

// streamBuffer is how many bytes of a streamed body gather before they are
// written: one chunk of 8 KiB carries 0.1 % of framing.
const streamBuffer = 8 << 10

// responseWriter writes a streamed body from the goroutine that has the
// connection on loan. A write waits while the client does not read.
//
// Owner: the goroutine that has the connection on loan.
type responseWriter struct {
	c *conn
	// left is what is missing of a declared length; -1: no length was declared.
	left    int64
	chunked bool
	silent  bool // HEAD, 204, 304: nothing is sent
	pending []byte
	err     error
}

var errLength = errors.New("http1: the body does not have the declared length")

// Open sends the staged head. It implements [exchange.Carrier].
func (c *conn) Open(x *exchange.Exchange, length int64) (exchange.BodyWriter, error) {
	w := &responseWriter{c: c, left: length, silent: headOnly(x) || bodiless(x.Status)}
	w.chunked = length < 0 && x.Head.Minor > 0 && !bodiless(x.Status)
	if length < 0 && x.Head.Minor == 0 {
		c.mustClose = true // the end of the connection ends the body
	}
	c.mustClose = c.mustClose || x.CloseAfter
	out := c.appendHead(c.out(), x)
	switch {
	case w.chunked:
		out = append(out, "Transfer-Encoding: chunked\r\n"...)
	case length >= 0 && !bodiless(x.Status):
		out = wire.AppendContentLength(out, length)
	}
	c.socket.SetOut(wire.AppendEnd(out))
	c.writer = w
	return w, nil
}

// Write implements [io.Writer]. It fails with [exchange.ErrTimeout] when the
// client takes nothing for WriteTimeout.
func (w *responseWriter) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	if w.left >= 0 && int64(len(p)) > w.left {
		w.err = errLength
		return 0, w.err
	}
	if w.left >= 0 {
		w.left -= int64(len(p))
	}
	if w.silent {
		return len(p), nil
	}
	w.pending = append(w.pending, p...)
	if len(w.pending) >= streamBuffer {
		return len(p), w.Flush()
	}
	return len(p), nil
}

// Flush sends what was written so far.
func (w *responseWriter) Flush() error {
	if w.err != nil {
		return w.err
	}
	w.gather()
	w.err = w.c.flushOnLoan()
	return w.err
}

// gather moves the pending bytes into the output buffer, framed.
func (w *responseWriter) gather() {
	if len(w.pending) == 0 {
		return
	}
	out := w.c.out()
	if w.chunked {
		out = wire.AppendChunk(out, w.pending)
	} else {
		out = append(out, w.pending...)
	}
	w.c.socket.SetOut(out)
	w.pending = w.pending[:0]
}

// EndStream implements [exchange.Carrier]: the end of the body joins the
// output, which advance flushes.
func (c *conn) EndStream(*exchange.Exchange) error {
	w := c.writer
	if w == nil || w.err != nil {
		return io.ErrClosedPipe
	}
	if w.left > 0 {
		w.err = errLength
		return errLength
	}
	w.gather()
	if w.chunked && !w.silent {
		out, _ := wire.AppendLastChunk(c.out(), nil)
		c.socket.SetOut(out)
	}
	w.err = exchange.ErrResponseSent
	return nil
}

// endStream checks that a streamed response was completed. A broken one can
// only be shown to the client by breaking the connection.
func (c *conn) endStream() error {
	w := c.writer
	c.writer = nil
	if w.err == nil || !errors.Is(w.err, exchange.ErrResponseSent) {
		return io.ErrUnexpectedEOF
	}
	return nil
}
