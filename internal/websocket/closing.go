package websocket

import (
	"github.com/gobwas/ws"

	"github.com/fasterapi/fasterapi/async"
)

// Close codes of RFC 6455 section 7.4.1 and its registry.
const (
	CodeNormal      = 1000
	CodeGoingAway   = 1001 // the service shuts down
	CodeUnsupported = 1003 // binary where text is expected
	CodeInvalid     = 1007
	CodePolicy      = 1008
	CodeFailed      = 1011
	CodeTryLater    = 1013
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
	c.limitClosing()
	c.arrive()
	c.proceed()
}

// Abort ends the connection at once, without a close frame.
func (c *Conn) Abort() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finish(gone(errGone))
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
	c.stopReading()
}

// stopReading stops looking at what comes. The closing frame follows at once, unless a
// message is in work: then its answer may still be sent.
func (c *Conn) stopReading() {
	c.peerSide = peerWaits
	c.arrive()
	c.life.end()
	if c.phase == open && c.engaged {
		c.limitClosing()
		return
	}
	c.sendLastClose()
}

// answerPeer sends the close frame that the peer waits for, if it still does.
func (c *Conn) answerPeer() {
	if c.peerSide == peerWaits && c.phase == open {
		c.sendLastClose()
	}
}

// sendLastClose sends the close frame that ends the connection: the answer to the
// peer's, or why the peer is at fault.
func (c *Conn) sendLastClose() {
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
	c.limitClosing()
}

// fail closes because of a mistake of the peer.
func (c *Conn) fail(err *CloseError) {
	if c.err == nil {
		c.err = err
	}
	c.stopReading()
}

// sendClose sends the one close frame.
func (c *Conn) sendClose(code int, reason string) {
	if c.ownSide != weSend {
		return
	}
	c.ownSide = closeSent
	c.putRaw(appendClose(c.out(), code, reason))
}

// limitClosing gives the peer CloseTimeout to close too.
func (c *Conn) limitClosing() {
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
		c.socket.End()
	} else if half, ok := c.nc.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // a broken one ends readNet
	}
}
