package pg

import (
	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
	"github.com/fasterapi/fasterapi/internal/invariant"
	"github.com/fasterapi/fasterapi/internal/stream"
)

// buffer returns what to append messages to; the result goes to setBuffer.
func (cn *conn) buffer() []byte {
	cn.closeGroup()
	return cn.rawBuffer()
}

// rawBuffer is buffer for what may join the open group.
func (cn *conn) rawBuffer() []byte {
	if cn.tls != nil {
		return cn.plain
	}
	b := cn.socket.Out()
	if b == nil {
		b = cn.core.buffers.Get()
	}
	return b
}

func (cn *conn) setBuffer(b []byte) {
	if cn.tls != nil {
		cn.plain = b
		return
	}
	cn.socket.SetOut(b)
}

// push appends u, whose bytes are in the buffer, to the pipeline, and sees to it
// that they are written at the end of the turn.
func (cn *conn) push(u unit) {
	u.estimate(cn.core)
	if u.slow {
		cn.slow++
	}
	if u.unknown {
		cn.unknown++
	}
	if u.locks {
		cn.locks++
	}
	cn.core.stir()
	cn.sending.push(u)
	if cn.sending.len() == 1 {
		cn.head.since, cn.head.fresh = cn.core.r.Now(), true
		cn.watchGroup()
	}
	cn.unsent++
	cn.flushLater()
}

// flushLater has the buffer written at the end of the turn.
func (cn *conn) flushLater() {
	if cn.dirty || cn.closed() {
		return
	}
	cn.dirty = true
	c := cn.core
	c.dirty = append(c.dirty, cn)
	if len(c.dirty) == 1 {
		c.r.Schedule((*flusher)(c))
	}
}

// flusher writes what the calls of a turn have put into buffers.
//
// Owner: reactor.
type flusher core

// Run is called once for all calls of a turn.
func (f *flusher) Run() {
	c := (*core)(f)
	dirty := c.dirty
	c.dirty = c.spareDirty[:0]
	for _, cn := range dirty {
		cn.dirty = false
		if !cn.closed() {
			cn.flush()
			cn.check()
		}
	}
	clear(dirty)
	c.spareDirty = dirty[:0]
	c.publish()
}

// flush writes what the socket takes; the rest follows when it is writable.
func (cn *conn) flush() {
	cn.closeGroup()
	cn.unsent = 0
	if cn.tls != nil && !cn.encrypt() {
		return
	}
	st := stream.Done
	if cn.socket.Pending() > 0 {
		st = cn.socket.Flush(&cn.core.buffers)
	}
	switch {
	case st == stream.Broken:
		// What the server said before it closed is worth reading.
		cn.receive(true)
		if !cn.closed() {
			cn.fail(stream.ErrBroken)
		}
	case st == stream.Done && cn.copying.unwritten:
		cn.copyWritten()
	}
}

// encrypt moves what is to be written through TLS.
func (cn *conn) encrypt() bool {
	m := cn.link.memory
	if len(cn.plain) > 0 {
		_, err := cn.tls.Write(cn.plain)
		invariant.Poison(cn.plain)
		cn.plain = cn.plain[:0]
		if cap(cn.plain) > maxKept {
			cn.plain = nil
		}
		if err != nil {
			cn.fail(err)
			return false
		}
	}
	if len(m.out) > 0 {
		b := cn.socket.Out()
		if b == nil {
			b = cn.core.buffers.Get()
		}
		cn.socket.SetOut(append(b, m.out...))
		m.out = m.out[:0]
		if cap(m.out) > maxKept {
			m.out = nil
		}
	}
	return true
}

// maxKept is the largest buffer that an idle connection keeps, in bytes.
const maxKept = 64 << 10

// closeGroup ends the open group, if there is one, with its Sync.
func (cn *conn) closeGroup() {
	if cn.group != nil {
		cn.group = nil
		cn.setBuffer(append(cn.rawBuffer(), wire.Sync...))
	}
}
