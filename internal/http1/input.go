package http1

import (
	"github.com/fasterapi/fasterapi/internal/stream"
)

// fill reads more input. It reports whether there is more to do: bytes came, or
// the end of a request that is not complete, which was refused. When not, the
// connection waits, or is closed already.
func (c *conn) fill() bool {
	if !c.flush() || !c.readable {
		return false
	}
	if c.fills++; c.fills > fillsPerTurn && c.owner.Load() == ownedByReactor {
		c.resumeLater()
		return false
	}
	c.makeRoom()
	room := cap(c.in) - len(c.in)
	had := len(c.in)
	var status stream.Status
	c.in, status = c.socket.Fill(c.in)
	switch status {
	case stream.Done:
		// A short read emptied the socket: the next bytes raise a new edge.
		// An end of stream that came with them does not, so keep reading then.
		c.readable = len(c.in)-had == room || c.peer != peerOpen || c.socket.ReadAgain()
		return true
	case stream.Again:
		c.readable = false
		return false
	default:
		c.readable = false
		if status == stream.Ended && c.interrupted() {
			c.brokenOff()
			return true
		}
		c.close() // everything is flushed, and no request comes any more
		return false
	}
}

// interrupted tells whether the client has begun a request and not ended it. It
// may have closed its sending side only, and still read.
func (c *conn) interrupted() bool {
	return c.phase == collecting || c.phase == reading && c.head >= someHead && c.x.Head.Begun()
}

// makeRoom gives c.in free capacity without moving bytes that are leased.
func (c *conn) makeRoom() {
	if c.in == nil {
		c.in = c.core.server.buffers.Get()
		return
	}
	if len(c.in) < cap(c.in) {
		return
	}
	unread := c.in[c.pos:]
	var grown []byte
	if 2*len(unread) <= stream.BufferSize {
		grown = c.core.server.buffers.Get()
	} else {
		// Twice of what has come, never of what was announced.
		grown = make([]byte, 0, 2*len(unread))
	}
	grown = append(grown, unread...)
	c.retire()
	c.in, c.pos = grown, 0
}

// retire ends the use of c.in. Once the head of x is complete it aliases the
// first buffer, so that one is held until the exchange ends.
func (c *conn) retire() {
	if c.phase != reading && c.held == nil {
		c.held = c.in
		return
	}
	c.core.server.buffers.Put(c.in)
}

// recycleInput makes the whole input buffer free again: nothing in it is
// unread and no exchange leases it.
func (c *conn) recycleInput() {
	if cap(c.in) > stream.BufferSize {
		c.in = nil
	}
	c.in, c.pos = c.in[:0], 0
}

// shrinkInput moves the beginning of a head to memory of its size: a slow
// client does not hold a whole buffer.
func (c *conn) shrinkInput() {
	if cap(c.in) == stream.BufferSize {
		few := append([]byte(nil), c.in[c.pos:]...)
		c.core.server.buffers.Put(c.in)
		c.in, c.pos = few, 0
	}
}

// dropInput gives the input buffers back.
func (c *conn) dropInput() {
	if c.in != nil {
		c.core.server.buffers.Put(c.in)
	}
	c.in, c.pos = nil, 0
}
