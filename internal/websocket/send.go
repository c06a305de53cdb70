package websocket

import (
	"context"
	"time"

	"github.com/fasterapi/fasterapi/internal/stream"
)

// writeApart is the payload size in bytes from which it goes to the kernel
// where it lies instead of being copied behind its head.
const writeApart = 16 << 10

// Send sends a message and waits until the kernel took it, so that a slow
// client holds the sender back. It fails with ctx, with the [*CloseError] of a
// connection that has ended, and with [ErrSlow] when the client takes nothing for
// WriteTimeout. When ctx ends while the message is half out, the rest is
// sent all the same.
func (c *Conn) Send(ctx context.Context, binary bool, data []byte) error {
	op := opText
	if binary {
		op = opBinary
	}
	c.sending.Lock()
	defer c.sending.Unlock()
	var err error
	if c.deflate && len(data) >= compressAbove {
		// A compressor has hundreds of KiB: nobody keeps one while a client is slow.
		err = c.opts.Pools.compress(data, func(z []byte) error { return c.submit(op, true, z) }) // z is lent
	} else {
		err = c.submit(op, false, data)
	}
	if err != nil {
		return err
	}
	return c.waitSent(ctx)
}

// submit hands a message to the kernel. What it does not take is kept: data itself up
// to the end of Send, and a copy of what is compressed.
func (c *Conn) submit(op byte, compressed bool, data []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.phase != open {
		return c.err
	}
	c.put(op, compressed, data)
	if compressed {
		c.socket.Own()
	}
	return nil
}

// waitSent waits until everything is written. It asks ctx without mu: a context
// of the connection's own takes it to answer.
func (c *Conn) waitSent(ctx context.Context) error {
	c.mu.Lock()
	waits := c.unsent()
	c.mu.Unlock()
	if waits && !c.waitWritten(ctx.Done()) {
		return context.Cause(ctx)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.phase == closed && c.lost {
		return c.err
	}
	return nil
}

// waitWritten is false when cancelled was closed first, but not because the
// connection ends: what was sent before that still goes out.
func (c *Conn) waitWritten(cancelled <-chan struct{}) bool {
	timer := time.NewTimer(c.opts.WriteTimeout)
	defer timer.Stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.unsent() && (c.phase != closed || c.writing) {
		if c.drained == nil {
			c.drained = make(chan struct{})
		}
		drained, before := c.drained, c.socket.Pending()
		c.mu.Unlock()
		late, ended := false, false
		select {
		case <-drained:
		case <-cancelled:
			cancelled, ended = nil, true
		case <-timer.C:
			late = true
			timer.Reset(c.opts.WriteTimeout)
		}
		c.mu.Lock()
		switch {
		case ended && !c.life.ended():
			c.socket.Own() // the message is the caller's again
			return false
		case late && c.socket.Pending() >= before:
			c.finish(gone(ErrSlow))
		}
	}
	return true
}

// unsent tells whether something waits to be written.
func (c *Conn) unsent() bool { return c.writing || c.socket.Pending() > 0 }

// drain ends the wait of a sender.
func (c *Conn) drain() {
	if c.drained != nil {
		close(c.drained)
		c.drained = nil
	}
}

// out is the buffer that waits to be written, borrowed if need be.
func (c *Conn) out() []byte {
	if b := c.socket.Out(); b != nil {
		return b
	}
	return c.opts.Pools.buffers.Get()
}

// put sends a frame. The socket may hold on to a large payload.
func (c *Conn) put(op byte, compressed bool, payload []byte) {
	if c.phase == closed {
		return
	}
	out := appendHead(c.out(), op, compressed, len(payload))
	if len(payload) < writeApart {
		c.putRaw(append(out, payload...))
		return
	}
	c.socket.SetOut(out)
	if c.nc != nil {
		c.socket.Hold(payload)
		c.flush()
		return
	}
	c.written(c.socket.FlushWith(&c.opts.Pools.buffers, payload))
}

// putRaw sends what was appended to the output.
func (c *Conn) putRaw(out []byte) {
	if c.phase == closed {
		return
	}
	c.socket.SetOut(out)
	c.flush()
}

// flush writes what the kernel takes.
func (c *Conn) flush() {
	switch {
	case c.phase == closed, c.socket.Pending() == 0:
	case c.nc == nil:
		c.written(c.socket.Flush(&c.opts.Pools.buffers))
	case !c.writing:
		c.writing = true
		go c.writeNet()
	}
}

// written goes on after a flush.
func (c *Conn) written(status stream.Status) {
	switch status {
	case stream.Done:
		c.drain()
		c.leaveIfDone()
	case stream.Again:
	default:
		c.finish(gone(stream.ErrBroken))
	}
}
