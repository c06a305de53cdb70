package pg

import (
	"crypto/tls"
	"time"

	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
	"github.com/fasterapi/fasterapi/internal/invariant"
	"github.com/fasterapi/fasterapi/internal/poll"
	"github.com/fasterapi/fasterapi/internal/stream"
	"github.com/fasterapi/fasterapi/reactor"
)

// conn is one connection to the server: what has been sent on it and not been
// answered, and the bytes on their way.
//
// Owner: reactor.
type conn struct {
	core   *core
	link   *link
	socket stream.Socket
	tls    *tls.Conn
	slot   int

	plain        []byte // TLS: what is still to be encrypted
	rest         []byte // the start of a message whose end has not come yet
	dirty        bool   // in core.dirty: something waits to be written
	dead         bool
	ended        unit     // the one whose ReadyForQuery is being handled
	sending      units    // what has not been answered, in order
	group        *group   // open: more queries may share its Sync
	extra        int      // queries in groups, beyond one per unit
	unsent       int      // how many of these, the last ones, are not written yet
	parked       int      // calls that wait for a statement to be prepared here
	status       byte     // of the last ReadyForQuery: I, T or E
	held         *session // the user who has it alone
	foreignLimit bool     // a statement has changed the time limit here
	unnamed      bool     // behind a pooler: statements have no names here
	reserve      bool     // for a call that needs it alone, once it is empty
	retire       bool     // to be closed once it is empty

	expires  time.Time // end of life; zero: none
	usedAt   time.Time // when it last had something to do for a caller
	heardAt  time.Time // when the server last answered, health checks included
	headAt   time.Time // when the first unit became the first
	fresh    bool      // it was the first from the start
	slow     int       // units whose statement is slow
	unknown  int       // units whose statement has not been measured
	checking bool      // a health check is under way

	standby      bool        // the server has told that it is one
	readOnly     bool        // and that default_transaction_read_only is on
	askOnRelease bool        // a write was refused: it is asked about that when it is given back
	writeCheck   *writeCheck // it is being asked

	copier    *copier // of a COPY that is under way
	copyWaits bool    // it waits until everything is written

	lastTook  time.Duration // how long the last unit took
	roundTrip time.Duration // the least that a fresh one took: a round trip, at most

	cancels    int           // cancel requests on their way
	lastCancel time.Time     // when the last one was done
	timer      reactor.Timer // gives an abandoned head a moment
	splitter   reactor.Timer // looks after a group that is the head
}

// load is how much is on its way.
func (cn *conn) load() int { return cn.sending.len() + cn.extra + cn.parked }

// awaited is how many units the server may answer.
func (cn *conn) awaited() int { return cn.sending.len() - cn.unsent }

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
	cn.sending.push(u)
	if cn.sending.len() == 1 {
		cn.headAt, cn.fresh = cn.core.r.Now(), true
		cn.watchGroup()
	}
	cn.unsent++
	cn.flushLater()
}

// flushLater has the buffer written at the end of the turn.
func (cn *conn) flushLater() {
	if cn.dirty || cn.dead {
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
		if !cn.dead {
			cn.flush()
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
		if !cn.dead {
			cn.fail(stream.ErrBroken)
		}
	case st == stream.Done && cn.copyWaits:
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

// Ready is called by the reactor.
func (cn *conn) Ready(ready poll.Ready) {
	if ready&poll.Out != 0 && cn.socket.Pending() > 0 {
		cn.flush()
	}
	if ready&(poll.In|poll.Hangup|poll.Closed) != 0 && !cn.dead {
		cn.receive(ready&(poll.Hangup|poll.Closed) != 0)
	}
	cn.core.endTurn(cn)
}

// fail closes the connection because of why and ends what was on its way.
func (cn *conn) fail(why error) {
	if cn.dead {
		return
	}
	cn.close()
	c := cn.core
	c.counts.broken.Add(1)
	c.lostConns++
	total := cn.sending.len()
	known := shutdown(why)
	for i := range total {
		u := cn.sending.pop()
		// What was not written has not run. The server runs units in order, and
		// one that says that it shuts down rolls back the first and drops the
		// others; otherwise nobody knows.
		unwritten := i >= total-cn.unsent
		if u.kind == unitGroup {
			cn.lostGroup(&u, why, unwritten || known)
			continue
		}
		safe := unwritten || known && !(i == 0 && (u.complete || !u.repeatable()))
		cn.endLost(&u, why, safe)
	}
	cn.unsent = 0
	c.requeueParked(cn, why)
	if t := cn.writeCheck; t != nil {
		cn.writeCheck = nil
		t.resolve(c, true)
	}
	if s := cn.held; s != nil {
		s.broken(why)
	}
	c.openWanted()
}

// close gives the descriptor back and forgets the connection.
func (cn *conn) close() {
	c := cn.core
	cn.dead, cn.group = true, nil
	if cn.copier != nil {
		cn.copier.stop()
	}
	c.r.Disarm(&cn.timer)
	c.r.Disarm(&cn.splitter)
	cn.socket.Drop(&c.buffers)
	c.r.CloseFD(cn.socket.FD())
	c.r.ConnClosed()
	c.remove(cn)
}

// quit says goodbye and closes.
func (cn *conn) quit() {
	if cn.dead {
		return
	}
	cn.setBuffer(append(cn.buffer(), wire.Terminate...))
	cn.flush()
	if !cn.dead {
		if cn.tls != nil {
			_ = cn.tls.CloseWrite()
			cn.encrypt()
			cn.socket.Flush(&cn.core.buffers)
		}
		cn.close()
		cn.core.requeueParked(cn, errReplaced)
	}
}
