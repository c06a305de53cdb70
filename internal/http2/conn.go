package http2

import (
	"net/netip"
	"time"

	"golang.org/x/net/http2/hpack"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http2/frame"
	"github.com/fasterapi/fasterapi/internal/poll"
	"github.com/fasterapi/fasterapi/internal/stream"
	"github.com/fasterapi/fasterapi/reactor"
)

// conn is one client connection.
//
// Owner: reactor.
type conn struct {
	core   *core
	socket stream.Socket
	remote netip.AddrPort
	tls    exchange.Secured // nil: the connection has none
	given  func()           // tells whoever opened it that it has ended

	phase  phase
	peer   peerState
	ending ending
	// readable: the kernel may have bytes. With edge-triggered events it stays set until
	// a read comes back short.
	readable bool
	// queued: a resumption is scheduled. flushing: a flush is.
	queued, flushing bool

	// in[pos:] was read and not yet consumed.
	in  []byte
	pos int
	// data is the Data frame whose payload is being read.
	data dataFrame
	// block is the field block that is being read.
	block   blockState
	fields  fieldBlock
	decoder *hpack.Decoder

	// streams are those that are not closed, by id. zombies are those that are, but whose
	// handlers have not ended.
	streams map[uint32]*exchangeStream
	zombies int
	// last is the highest id that the client has used; final the highest that is served,
	// once a GOAWAY has named it.
	last, final uint32
	// resets are the latest streams that were reset from here: what the client had sent
	// by then is no mistake. They are a ring once they are MaxStreams, and reset is the oldest.
	resets []uint32
	reset  int

	// window is how much the client takes on the connection, initial on a new stream.
	window, initial int64
	maxFrame        int
	// shrunk: the client's table has become smaller, which the next field block has to
	// acknowledge (RFC 7541 4.2).
	shrunk bool
	// received are bytes of bodies that were taken and that the client has not been told
	// of; room is what it may still send.
	received, room int
	// shut is since when room is 0; zero: it is not.
	shut time.Duration
	// collecting are the streams whose bodies are being collected, the oldest first.
	collecting []*exchangeStream
	// collected is what streams were let send beyond their first windows, of bodies that are in
	// memory, but for that of beyond, which may take more than there is room for; heldBack is how
	// many wait to send more (collect.go).
	collected int64
	beyond    *exchangeStream
	heldBack  int
	ready     [urgencies]streamQueue
	// early are the priorities of streams that the client has not opened yet, as many as it may still open; nil: none.
	early map[uint32]priority
	calm  calm

	// headBy is when the rest of a field block or the preface must have come, idleBy when a
	// stream must have begun, writeBy when pending output must have moved, roomBy when the
	// client must have made room for all streams that wait; zero: never.
	headBy, idleBy, writeBy, roomBy time.Duration
	lingered                        int
	// waiting is what the core knows of output that the kernel does not take; nil: none.
	waiting *exchange.Waiting
	timer   reactor.Timer
	timerAt time.Duration // when timer fires; zero: it is not armed

	next, prev *conn // of core.conns
	listed     bool  // in core.conns
}

// What the client may send before it is told that there is room again: on a stream whose body is
// wanted as much as net/http's client sends at a time to one that is read at once on a link of
// 10 ms and 25 MB/s, on a connection as much as four such streams.
const (
	streamWindow = 256 << 10
	connWindow   = 1 << 20
)

// fieldOverhead is what a field counts beside its text in the size of a list (RFC 9113 6.5.2).
const fieldOverhead = 32

func newConn(k *core, d exchange.Descriptor, remote netip.AddrPort) *conn {
	c := &conn{core: k, remote: remote, tls: d.TLS, given: d.Closed}
	c.timer.Task = (*alarm)(c)
	c.socket.Open(k.reactor.Poller(), d.FD)
	if session, ok := d.TLS.(*stream.Session); ok {
		c.socket.Resume(session)
	}
	if len(d.Rest) > 0 {
		c.in = append(k.server.buffers.Get(), d.Rest...)
	}
	c.window, c.initial, c.maxFrame = frame.DefaultWindow, frame.DefaultWindow, frame.DefaultMaxFrame
	c.room = connWindow
	c.streams = map[uint32]*exchangeStream{}
	c.fields.limits, c.fields.tunnels = k.server.head, k.server.cfg.Tunnels
	c.decoder = hpack.NewDecoder(frame.DefaultTableSize, c.fields.add)
	c.decoder.SetMaxStringLength(longestBlock(k.server.cfg.MaxHead))
	return c
}

// sendPreface sends what a server sends first, and reads what the client has sent already.
func (c *conn) sendPreface() {
	limits := &c.core.server.cfg
	settings := []frame.Setting{
		{ID: frame.MaxConcurrentStreams, Value: uint32(limits.MaxStreams)},
		{ID: frame.MaxHeaderListSize, Value: uint32(limits.MaxHead + (limits.MaxHeaders+pseudoFields)*fieldOverhead)},
		{ID: frame.NoOldPriorities, Value: 1},
	}
	if limits.Tunnels {
		settings = append(settings, frame.Setting{ID: frame.EnableConnectProtocol, Value: 1})
	}
	out := frame.AppendSettings(c.out(), settings...)
	c.socket.SetOut(frame.AppendWindowUpdate(out, 0, connWindow-frame.DefaultWindow))
	c.headBy = c.core.sinceEpoch() + limits.HeadTimeout
	c.fireBy(c.headBy)
	if bad := unfit(c.tls); bad != nil {
		c.fail(bad)
		return
	}
	c.readable = true // over TLS the client's first frames may have been read with its handshake
	c.advance()
}

// out returns the output buffer, borrowed if need be.
func (c *conn) out() []byte {
	if b := c.socket.Out(); b != nil {
		return b
	}
	return c.core.server.buffers.Get()
}

// Ready takes the events of the descriptor. It implements [reactor.IO].
func (c *conn) Ready(ev poll.Ready) {
	if ev&(poll.In|poll.Hangup|poll.Closed) != 0 {
		c.readable = true
	}
	if ev&(poll.Hangup|poll.Closed) != 0 {
		c.peer = max(c.peer, peerEnding)
	}
	if ev&poll.Closed != 0 {
		c.breakOff(exchange.ErrClientGone)
		return
	}
	if ev&poll.Out != 0 {
		c.flush()
	}
	if c.phase != closed && !c.queued {
		c.advance()
	}
	c.check()
}

// fillsPerTurn is how many reads a connection may make before the others get their turn.
const fillsPerTurn = 16

// advance reads until there is nothing more, or others are to have their turn.
func (c *conn) advance() {
	for range fillsPerTurn {
		switch {
		case c.phase == closed:
			return
		case c.phase >= leaving:
			c.in, c.pos = c.in[:0], 0
		default:
			if err := c.parse(); err != nil {
				c.fail(err)
			}
		}
		if c.congested() {
			c.endTurn()
			if c.phase != closed && !c.congested() { // else an event tells when it is not
				c.resumeLater()
			}
			return
		}
		if !c.fill() {
			c.endTurn()
			return
		}
	}
	c.resumeLater()
	c.endTurn()
}

// congested tells whether the client takes so little of what it gets that it is not read any
// further: what it sends asks for more.
func (c *conn) congested() bool {
	return c.phase < leaving && c.socket.Pending() > 2*flushAbove
}

// fill reads more input; false: there is none for now.
func (c *conn) fill() bool {
	if !c.readable || c.phase == closed {
		return false
	}
	c.makeRoom()
	had, room := len(c.in), cap(c.in)-len(c.in)
	var status stream.Status
	c.in, status = c.socket.Fill(c.in)
	switch status {
	case stream.Done:
		// An end that came with these bytes raises no other edge.
		c.readable = len(c.in)-had == room || c.peer != peerOpen || c.socket.ReadAgain()
		return c.phase != lingering || c.linger(len(c.in)-had)
	case stream.Again:
		c.readable = false
	case stream.Ended:
		c.readable, c.peer = false, peerEnded
	default:
		c.breakOff(exchange.ErrClientGone)
	}
	return false
}

// makeRoom makes room to read the rest of a frame, or of a buffer.
func (c *conn) makeRoom() {
	switch {
	case c.in == nil:
		c.in, c.pos = c.core.server.buffers.Get(), 0
	case c.pos == len(c.in):
		c.in, c.pos = c.in[:0], 0
	case len(c.in) == cap(c.in):
		if need := c.needs(); need > cap(c.in) {
			larger := append(make([]byte, 0, need), c.in[c.pos:]...)
			c.core.server.buffers.Put(c.in)
			c.in = larger
		} else {
			c.in = append(c.in[:0], c.in[c.pos:]...)
		}
		c.pos = 0
	}
}

// endTurn ends a turn: what was answered goes out, an idle connection gives its buffer back,
// and one whose client has left ends.
func (c *conn) endTurn() {
	if c.phase == closed {
		return
	}
	if c.pos == len(c.in) && c.in != nil {
		c.core.server.buffers.Put(c.in)
		c.in, c.pos = nil, 0
	}
	if c.peer == peerEnded && c.phase != leaving { // nobody waits for an answer: clients of HTTP/2 do not half-close
		c.breakOff(exchange.ErrClientGone)
		return
	}
	c.flush()
	c.watchIdle()
}

// resumption is a connection that let the others have their turn.
//
// Owner: reactor.
type resumption conn

// Run implements [async.Task].
func (r *resumption) Run() {
	c := (*conn)(r)
	c.queued = false
	c.advance()
	c.check()
}

func (c *conn) resumeLater() {
	if !c.queued {
		c.queued = true
		c.core.reactor.Schedule((*resumption)(c))
	}
}

// flusher is a connection with output of this turn.
//
// Owner: reactor.
type flusher conn

// Run implements [async.Task].
func (f *flusher) Run() {
	c := (*conn)(f)
	c.flushing = false
	c.flush()
	c.watchIdle()
	c.check()
}

// flushSoon flushes once for all that is ready in this turn.
func (c *conn) flushSoon() {
	if !c.flushing {
		c.flushing = true
		c.core.reactor.Schedule((*flusher)(c))
	}
}

var (
	_ async.Task = (*resumption)(nil)
	_ async.Task = (*flusher)(nil)
)
