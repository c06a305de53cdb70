package websocket

import (
	"errors"
	"io"
	"time"
)

// smallRead is the buffer in bytes of a connection without descriptor that
// waits for its client.
const smallRead = 512

// readNet reads a connection that no reactor polls, on a goroutine of its own.
func (c *Conn) readNet() {
	small := make([]byte, smallRead)
	p := small
	c.mu.Lock()
	c.consume(c.in)
	c.mu.Unlock()
	for {
		n, err := c.nc.Read(p[:cap(p)])
		c.mu.Lock()
		c.consume(p[:n])
		if err != nil {
			c.waitForLastClose(err)
			c.finish(gone(err))
		}
		over := c.phase == closed
		c.mu.Unlock()
		full := n == cap(p)
		switch {
		case full && cap(p) == smallRead && !over:
			p = c.opts.Pools.buffers.Get()
		case (!full || over) && cap(p) != smallRead:
			c.opts.Pools.buffers.Put(p)
			p = small
		}
		if over {
			return
		}
	}
}

// waitForLastClose lets our close frame go out before the connection ends, when the peer has
// ended its side behind its own.
func (c *Conn) waitForLastClose(err error) {
	for errors.Is(err, io.EOF) && c.phase == closing && c.unsent() {
		if c.drained == nil {
			c.drained = make(chan struct{})
		}
		drained := c.drained
		c.mu.Unlock()
		<-drained // after CloseTimeout at the latest
		c.mu.Lock()
	}
}

// consume decodes what was read, as fast as messages are taken and the answers to
// control frames are written.
func (c *Conn) consume(p []byte) {
	c.in, c.pos = p, 0
	for c.phase != closed && c.pos < len(c.in) {
		if !c.has && c.socket.Gathered() <= pendingMost {
			c.digest()
			continue
		}
		c.startTurn()
		room := make(chan struct{})
		c.room = room
		c.mu.Unlock()
		<-room
		c.mu.Lock()
	}
	c.startTurn()
	c.in, c.pos = nil, 0
}

// startTurn lets the listener take the message that is there.
func (c *Conn) startTurn() {
	if c.startListener() {
		go (*turn)(c).Run()
	}
}

// makeRoom tells readNet that the message was taken, or something was written.
func (c *Conn) makeRoom() {
	if c.room != nil {
		close(c.room)
		c.room = nil
	}
}

// netPiece is how much of a large message is written at once, in bytes: what fits
// into a record of TLS (RFC 8446 5.1).
const netPiece = 16 << 10

// nextOutput takes what is to be written next away from the socket. Of a large message
// it is a copy of a piece, because mu is not held while it is written, and the message
// may be its sender's again meanwhile.
func (c *Conn) nextOutput(piece *[]byte) []byte {
	if c.socket.Holds() {
		if *piece == nil {
			*piece = make([]byte, netPiece)
		}
		return (*piece)[:c.socket.Take(&c.opts.Pools.buffers, *piece)]
	}
	out := c.socket.Out()
	c.socket.SetOut(nil)
	return out
}

// writeNet writes what waits, until nothing does.
func (c *Conn) writeNet() {
	c.mu.Lock()
	defer c.mu.Unlock()
	var piece []byte
	for c.phase != closed && c.socket.Pending() > 0 {
		out := c.nextOutput(&piece)
		c.mu.Unlock()
		err := c.nc.SetWriteDeadline(time.Now().Add(c.opts.WriteTimeout))
		if err == nil {
			_, err = c.nc.Write(out)
		}
		c.opts.Pools.buffers.Put(out[:0])
		c.mu.Lock()
		c.makeRoom()
		if err != nil {
			c.lost = true
			c.finish(gone(err))
		}
	}
	c.writing = false
	c.drain()
	c.leaveIfDone()
}
