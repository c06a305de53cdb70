package http1

import (
	"errors"
	"io"
	"sync"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
	"github.com/fasterapi/fasterapi/internal/poll"
	"github.com/fasterapi/fasterapi/internal/stream"
)

// streamBuffer is how many bytes of a streamed body gather before they are
// written: one chunk of 8 KiB carries 0.1 % of framing.
const streamBuffer = 8 << 10

// responseWriter writes a streamed body from the goroutine that has the
// connection on loan. A write waits while the client does not read.
//
// Owner: mu (a handler may have kept it).
type responseWriter struct {
	mu sync.Mutex
	c  *conn // nil once the exchange has ended
	// left is what is missing of a declared length; -1: no length was declared.
	left    int64
	chunked bool
	silent  bool // HEAD, 204, 304: nothing is sent
	ended   bool // the client had closed its sending side when the stream began
	pending []byte
	credit  exchange.Credit
	err     error
}

var errLength = errors.New("http1: the body does not have the declared length")

// Open sends the staged head. It implements [exchange.Carrier].
func (c *conn) Open(x *exchange.Exchange, length int64) (exchange.BodyWriter, error) {
	if c.owner.Load() != onLoan {
		return nil, exchange.ErrOnReactor
	}
	ended := c.takeOutput()
	c.loan.output.Lock()
	defer c.loan.output.Unlock()
	w := &responseWriter{c: c, left: length, silent: !x.WantsContent(), ended: ended}
	w.credit = exchange.NewCredit(c.core.server.cfg.WriteTimeout)
	w.chunked = length < 0 && x.Head.Minor > 0 && !bodiless(x.Status)
	// For HTTP/1.0 the end of the connection ends a body of unknown length.
	if x.CloseAfter || c.core.lastResponses() || length < 0 && x.Head.Minor == 0 {
		c.endBehind(closes)
	}
	out := c.appendHead(c.out(), x)
	switch {
	case w.chunked:
		out = append(appendTrailer(out, x), "Transfer-Encoding: chunked\r\n"...)
	case length >= 0 && !bodiless(x.Status):
		out = wire.AppendContentLength(out, length)
	}
	c.socket.SetOut(wire.AppendEnd(out))
	c.writer = w
	return w, nil
}

// Write implements [io.Writer]. It fails with [exchange.ErrTimeout] when the
// client takes nothing, or next to nothing, for WriteTimeout.
func (w *responseWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
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
		return w.discard(p)
	}
	w.c.x.Sent.Add(int64(len(p)))
	if len(w.pending)+len(p) < streamBuffer {
		w.pending = append(w.pending, p...)
		return len(p), nil
	}
	return len(p), w.writeThrough(p)
}

// discard takes what is not sent, for as long as the client is there: nothing else
// would end a source that does.
func (w *responseWriter) discard(p []byte) (int, error) {
	l := &w.c.loan
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.cut:
		w.err = ErrServerClosed
	case w.ended || l.seen&(poll.Hangup|poll.Closed) != 0:
		w.err = exchange.ErrClientGone
	default:
		return len(p), nil
	}
	return 0, w.err
}

// writeThrough sends what is pending and p, as one chunk, without copying p. It
// returns when all of p is out, or will never be. The end of the chunk waits for
// what follows.
func (w *responseWriter) writeThrough(p []byte) error {
	switch w.writeSome(p) {
	case stream.Broken:
		return w.breakOff(stream.ErrBroken)
	case stream.Again:
		if err := w.c.flushOnLoan(&w.credit); err != nil {
			return w.breakOff(err)
		}
	}
	return nil
}

// writeSome is writeThrough as far as the kernel takes it.
func (w *responseWriter) writeSome(p []byte) stream.Status {
	c := w.c
	c.loan.output.Lock()
	defer c.loan.output.Unlock()
	out := c.out()
	if w.chunked {
		out = wire.AppendChunkSize(out, len(w.pending)+len(p))
	}
	c.socket.SetOut(append(out, w.pending...))
	w.pending = w.pending[:0]
	before := c.socket.Pending() + len(p)
	status := c.socket.FlushWith(&c.core.server.buffers, p)
	if status == stream.Broken {
		return status
	}
	w.credit.Earn(before - c.socket.Pending())
	if w.chunked {
		c.socket.SetOut(append(c.out(), '\r', '\n'))
	}
	return status
}

// breakOff ends a response that is not complete: what waits is not sent, because a
// part of it may be the caller's memory. The kernel drops the rest when the connection
// closes: the client does not take it.
func (w *responseWriter) breakOff(err error) error {
	w.c.loan.output.Lock()
	defer w.c.loan.output.Unlock()
	w.c.socket.Drop(&w.c.core.server.buffers)
	w.c.core.reactor.Poller().Discard(w.c.socket.FD())
	w.err = err
	return err
}

// Flush sends what was written so far.
func (w *responseWriter) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.flush()
}

func (w *responseWriter) flush() error {
	if w.err != nil {
		return w.err
	}
	w.framePending()
	if err := w.c.flushOnLoan(&w.credit); err != nil {
		return w.breakOff(err)
	}
	return nil
}

// framePending moves the pending bytes into the output buffer, framed.
func (w *responseWriter) framePending() {
	if len(w.pending) == 0 {
		return
	}
	w.c.loan.output.Lock()
	defer w.c.loan.output.Unlock()
	out := w.c.out()
	if w.chunked {
		out = wire.AppendChunk(out, w.pending)
	} else {
		out = append(out, w.pending...)
	}
	w.c.socket.SetOut(out)
	w.pending = w.pending[:0]
}

// end completes the body: its end joins the output, which the connection
// flushes.
func (w *responseWriter) end() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.silent: // the head is all of it
		w.err = exchange.ErrResponseSent
		return nil
	case w.err != nil:
		return w.err
	case w.left > 0:
		w.err = errLength
		return w.err
	}
	w.framePending()
	if w.chunked {
		w.c.loan.output.Lock()
		defer w.c.loan.output.Unlock()
		w.c.socket.SetOut(appendTrailing(w.c.out(), w.c.x.Trailing()))
	}
	w.err = exchange.ErrResponseSent
	return nil
}

// detach makes w useless to a handler that has kept it.
func (w *responseWriter) detach() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.c = nil
	if w.err == nil {
		w.err = exchange.ErrOver
	}
}

// EndStream implements [exchange.Carrier].
func (c *conn) EndStream(*exchange.Exchange) error {
	if c.writer == nil {
		return exchange.ErrOver
	}
	return c.writer.end()
}

// endStream checks that a streamed response was completed. A broken one can
// only be shown to the client by breaking the connection.
func (c *conn) endStream() error {
	w := c.writer
	w.mu.Lock()
	defer w.mu.Unlock()
	if !errors.Is(w.err, exchange.ErrResponseSent) {
		return io.ErrUnexpectedEOF
	}
	return nil
}
