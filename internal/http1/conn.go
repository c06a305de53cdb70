package http1

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/poll"
	"github.com/fasterapi/fasterapi/internal/stream"
	"github.com/fasterapi/fasterapi/reactor"
)

// phase is what a connection is doing.
type phase uint8

const (
	// reading: between requests, or in the middle of a head.
	reading phase = iota
	// collecting: the body of x is being read.
	collecting
	// ready: x is complete and waits to be served.
	ready
	// serving: the handler has x.
	serving
	// answering: the handler is done with x.
	answering
	// leaving: the last response is written, then the connection closes.
	leaving
	// lingering: everything is sent; input is thrown away until the peer has
	// closed too, so that the kernel does not reset what it has not read yet
	// (RFC 9112 9.6).
	lingering
	// closed: the descriptor is gone, or belongs to a hijacker.
	closed
)

// conn is one client connection.
//
// Owner: the reactor, or the goroutine it is on loan to (owner says which);
// the fields of loan are guarded by mu, those under "reactor" stay with the reactor.
type conn struct {
	core   *core
	socket stream.Socket
	remote netip.AddrPort

	phase phase
	// readable: the kernel may have bytes. With edge-triggered events it stays
	// set until a read comes back short.
	readable bool
	// ended: the peer has closed its sending side; reads end soon.
	ended bool
	// mustClose: the connection closes after the current response.
	mustClose bool
	// unread: input was left unread on purpose, so closing needs lingering.
	unread bool
	// running: advance is on the stack, so Finish need not call it.
	running bool
	// finished: Finish was called inside Serve.
	finished bool
	// lending: advance ends by lending the connection to a goroutine.
	lending bool
	// partial: a head has begun to arrive.
	partial bool
	// fresh: no request has come yet.
	fresh bool

	// in[pos:] was read and not yet consumed. in[:pos] is leased to x.
	in  []byte
	pos int
	// held keeps the buffer that the head of x aliases, when the body outgrew it.
	held []byte
	// writer streams the response of x; nil when it is not streamed.
	writer *responseWriter
	// lingered counts the bytes thrown away while lingering.
	lingered int
	// x is the current exchange; nil while idle.
	x *exchange.Exchange
	// body is a request body that was not complete when its head was; else nil.
	body *body

	// patience is how long the phase may last; zero: for ever.
	patience time.Duration

	owner atomic.Uint32
	loan  loan

	// Reactor:
	timer reactor.Timer
	// deadline is when patience ends, timerAt when timer fires, both since
	// core.epoch; zero: never.
	deadline, timerAt time.Duration
	next, prev        *conn // of core.conns
	listed            bool  // in core.conns
}

// loan is what the reactor and the goroutine share while a connection is lent.
//
// Owner: mu.
type loan struct {
	mu sync.Mutex
	// seen are the events that arrived meanwhile.
	seen poll.Ready
	// wants are the events that the goroutine waits for in wake.
	wants poll.Ready
	wake  chan struct{}
	// live: x may be cancelled.
	live bool
}

const (
	ownedByReactor uint32 = iota
	onLoan
)

// Ready takes the events of the descriptor. It implements [reactor.IO].
func (c *conn) Ready(ev poll.Ready) {
	if c.owner.Load() == onLoan && c.note(ev) {
		return
	}
	c.take(ev)
	switch {
	case c.phase == closed:
	case c.phase == serving:
		c.whileServing(ev)
	default:
		c.advance()
	}
}

// take records what the events say.
func (c *conn) take(ev poll.Ready) {
	if ev&(poll.In|poll.Hangup|poll.Closed) != 0 {
		c.readable = true
	}
	if ev&(poll.Hangup|poll.Closed) != 0 {
		c.ended = true
	}
}

// whileServing handles events that arrive while the handler has the exchange
// on the reactor.
func (c *conn) whileServing(ev poll.Ready) {
	if ev&(poll.Hangup|poll.Closed) != 0 {
		c.core.server.handler.Cancel(c.x, exchange.ErrClientGone)
	}
	if ev&poll.Out != 0 && c.phase == serving && c.socket.Pending() > 0 {
		c.flush()
	}
}

// advance works until it needs an event that has not come. It runs on the
// reactor; loan.go has the goroutine's counterpart.
func (c *conn) advance() {
	c.work()
	if c.lending {
		c.lend()
	}
}

// work takes steps while there are steps to take. It runs on the owner.
func (c *conn) work() {
	c.running = true
	for c.step() {
	}
	c.running = false
}

// step does the next thing that can be done now; false: nothing can.
func (c *conn) step() bool {
	switch c.phase {
	case reading:
		return c.readHead()
	case collecting:
		return c.collectBody()
	case ready:
		return c.serve()
	case leaving:
		return c.leave()
	case lingering:
		return c.linger()
	default: // serving, answering, closed
		return false
	}
}

// fill reads more input. It reports whether bytes came; when not, the
// connection waits, or is closed already.
func (c *conn) fill() bool {
	if !c.flush() || !c.readable {
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
		c.readable = len(c.in)-had == room || c.ended
		return true
	case stream.Again:
		c.readable = false
		return false
	default:
		c.hangUp()
		return false
	}
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

// hangUp ends a connection whose peer sends nothing more. A response that is
// still being written is finished first.
func (c *conn) hangUp() {
	c.readable = false
	c.dropExchange()
	if c.socket.Pending() > 0 {
		c.phase = leaving
		return
	}
	c.close()
}

// flush writes pending output and reports whether all of it is out. When not,
// the connection waits for the descriptor to become writable, or is closed.
func (c *conn) flush() bool {
	if c.socket.Pending() == 0 {
		return true
	}
	switch c.socket.Flush(&c.core.server.buffers) {
	case stream.Done:
		return true
	case stream.Again:
		c.expectWithin(c.core.server.cfg.WriteTimeout)
		return false
	default:
		c.abort()
		return false
	}
}

var _ async.Task = (*conn)(nil)
