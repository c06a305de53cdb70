package websocket

import (
	"errors"

	"github.com/gobwas/ws"

	"github.com/fasterapi/fasterapi/async"
)

// Close sends a close frame, once, and lets the peer CloseTimeout to close too.
// It does not wait.
func (c *Conn) Close(code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.check()
	c.answerPeer()
	if c.phase != open {
		return
	}
	c.phase, c.has, c.message = closing, false, Message{}
	if c.err == nil {
		c.err = &CloseError{Code: code, Reason: reason, Local: true}
	}
	c.sendClose(code, reason)
	c.hurry()
	c.arrive()
	c.proceed()
}

// Abort ends the connection at once, without a close frame.
func (c *Conn) Abort() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finish(gone(errGone))
}

// Ended tells whether the context of the connection has ended.
func (c *Conn) Ended() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over
}

// Done returns a channel that is closed when the connection ends, or the peer
// has closed it.
func (c *Conn) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done == nil {
		c.done = make(chan struct{})
		if c.over {
			close(c.done)
		}
	}
	return c.done
}

// CloseFor is Close for a handler that has failed: an error with a close code of
// its own names it, all others are 1011 without a word.
func (c *Conn) CloseFor(err error) {
	var own *CloseError
	var coded interface{ CloseCode() int }
	switch {
	case errors.As(err, &own) && ValidCode(own.Code):
		c.Close(own.Code, own.Reason)
	case errors.As(err, &coded) && ValidCode(coded.CloseCode()):
		c.Close(coded.CloseCode(), "")
	default:
		c.Close(int(ws.StatusInternalServerError), "")
	}
}

// peerCloses takes a close frame.
func (c *Conn) peerCloses(payload []byte) {
	code, reason, err := parseClose(payload)
	if err != nil {
		c.fail(err.(*CloseError))
		return
	}
	if c.err == nil {
		c.err = &CloseError{Code: code, Reason: reason}
		if code == 0 {
			c.err.Code = int(ws.StatusNoStatusRcvd)
		}
	}
	c.conclude()
}

// conclude stops looking at what comes. The closing frame follows at once, unless a
// message is in work: then its answer may still be sent.
func (c *Conn) conclude() {
	c.peerSide = peerWaits
	c.arrive()
	c.endContext()
	if c.phase == open && c.engaged {
		c.hurry()
		return
	}
	c.part()
}

// answerPeer sends the close frame that the peer waits for, if it still does.
func (c *Conn) answerPeer() {
	if c.peerSide == peerWaits && c.phase == open {
		c.part()
	}
}

// part sends the close frame that ends the connection: the answer to the
// peer's, or why the peer is at fault.
func (c *Conn) part() {
	c.peerSide, c.phase = peerAnswered, closing
	code, reason := c.err.Code, ""
	switch {
	case c.err.Local:
		reason = c.err.Reason
	case code == int(ws.StatusNoStatusRcvd):
		code = 0
	}
	if c.ownSide != weSend {
		c.leaveIfDone()
	} else {
		c.sendClose(code, reason)
	}
	c.hurry()
}

// endContext ends what waits with the context of the connection.
func (c *Conn) endContext() {
	if c.over {
		return
	}
	c.over = true
	if c.done != nil {
		close(c.done)
	}
	if !c.reactor.Post(async.TaskFunc(c.watchers.CancelAll)) {
		go c.watchers.CancelAll()
	}
}

// fail closes because of a mistake of the peer.
func (c *Conn) fail(err *CloseError) {
	if c.err == nil {
		c.err = err
	}
	c.conclude()
}

// sendClose sends the one close frame.
func (c *Conn) sendClose(code int, reason string) {
	if c.ownSide != weSend {
		return
	}
	c.ownSide = closeSent
	c.putRaw(appendClose(c.out(), code, reason))
}

// hurry gives the peer CloseTimeout to close too.
func (c *Conn) hurry() {
	c.reactor.Post(async.TaskFunc(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.phase != closed {
			c.reactor.Arm(&c.timer, c.opts.CloseTimeout)
		}
	}))
}

// leaveIfDone closes our side of the stream when everything is said. The
// peer may still be writing: closing all of it could reset the connection before
// the peer has read the close frame.
func (c *Conn) leaveIfDone() {
	if c.unsent() || c.phase != closing || c.peerSide != peerAnswered || c.ownSide == sideClosed {
		return
	}
	c.ownSide = sideClosed
	if c.nc == nil {
		c.reactor.Poller().Shutdown(c.socket.FD())
	} else if half, ok := c.nc.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // a broken one ends readNet
	}
}
