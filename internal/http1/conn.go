package http1

import (
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/invariant"
	"github.com/fasterapi/fasterapi/internal/poll"
	"github.com/fasterapi/fasterapi/internal/stream"
	"github.com/fasterapi/fasterapi/reactor"
)

// conn is one client connection.
//
// Owner: the reactor, or the goroutine it is on loan to (owner says which);
// the fields of loan are guarded by mu, those under "reactor" stay with the reactor.
type conn struct {
	core   *core
	socket stream.Socket
	remote netip.AddrPort

	// See state.go.
	phase    phase
	head     headState
	peer     peerState
	ending   ending
	onStack  stack
	handover handover
	// readable: the kernel may have bytes. With edge-triggered events it stays
	// set until a read comes back short.
	readable bool
	// begun: the handler knows x, so it has to release it.
	begun bool
	// descriptorGone: a hijacker has the descriptor, or nobody has.
	descriptorGone bool
	// fresh: nothing was served since the reactor turned to this connection.
	fresh bool

	// in[pos:] was read and not yet consumed. in[:pos] is leased to x.
	in  []byte
	pos int
	// held keeps the buffer that the head of x aliases, when the body outgrew it.
	held []byte
	// writer streams the response of x; nil when it is not streamed.
	writer *responseWriter
	// reader streams the body of x; nil when it was collected. x.BodyReader may be a
	// reader that the handler has put around it.
	reader *bodyReader
	// fills counts the reads of one advance, lingered the bytes that were thrown
	// away while lingering.
	fills, lingered uint32
	// co is the coroutine that advance runs on; nil: none.
	co *reactor.Coroutine
	// staged is the latest answer, if the socket holds its body.
	staged *staged
	// x is the current exchange; nil while idle.
	x *exchange.Exchange
	// body is a request body that was not complete when its head was; else nil.
	body *body

	// patience is how long the phase may last; zero: for ever. deadline is when
	// that ends, and writeBy when pending output must have moved, both since
	// the start of core; zero: never, or not known yet.
	patience, deadline, writeBy time.Duration

	owner atomic.Uint32
	loan  loan

	// Reactor:
	timer reactor.Timer
	// timerAt is when timer fires, since the start of core; zero: it is not armed.
	timerAt    time.Duration
	next, prev *conn // of core.conns
	listed     bool  // in core.conns
	// flushing: a behind is scheduled.
	flushing bool
	// queued: a resumption is scheduled; until it runs nothing else works on c.
	queued bool
	// inTurn: it waits for its turn to begin its handshake.
	inTurn bool
	// waiting is what the core knows of output that its client does not take; nil: none.
	waiting *exchange.Waiting
}

const (
	ownedByReactor uint32 = iota
	onLoan
)

// fillsPerTurn is how many reads a connection may make on its reactor before
// the others get their turn: 16 of 8 KiB take about 100 us with a handler that
// answers at once.
const fillsPerTurn = 16

// Ready takes the events of the descriptor. It implements [reactor.IO].
func (c *conn) Ready(ev poll.Ready) {
	if c.owner.Load() == onLoan && c.note(ev) {
		return
	}
	c.take(ev)
	switch {
	case c.phase == closed, c.queued:
	case ev == poll.Out && c.socket.Pending() == 0:
		// Nothing waits to be written; epoll says so once at the start.
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
		c.peer = max(c.peer, peerEnded)
	}
	if ev&poll.Closed != 0 {
		c.peer = peerGone
	}
}

// whileServing handles events that arrive while the handler has the exchange
// on the reactor. Cancel may run the rest of the handler, so it comes last.
func (c *conn) whileServing(ev poll.Ready) {
	if ev&poll.Out != 0 {
		c.flush()
	}
	if ev&(poll.Hangup|poll.Closed) != 0 && c.phase == serving {
		c.core.server.handler.Cancel(c.x, exchange.ErrClientGone)
	}
}

// advance works until it needs an event that has not come. Reactor only:
// loan.go has the goroutine's counterpart.
func (c *conn) advance() {
	c.fills, c.fresh = 0, true
	c.work()
	switch c.handover {
	case toGoroutine:
		c.lend()
	case toCoroutine:
		c.enter()
	}
}

// work takes steps while there are steps to take. It runs on the owner, and
// survives what handlers do.
func (c *conn) work() {
	for c.burst() {
	}
}

// burst is work up to a panic or runtime.Goexit in a handler; true: go on.
func (c *conn) burst() (again bool) {
	invariant.Check(c.onStack == nothing, "one turn of a connection at a time")
	c.onStack = steps
	defer func() {
		if c.onStack != nothing {
			again = c.contain(recover())
		}
	}()
	for c.step() {
	}
	c.onStack = nothing
	c.check()
	return false
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
	case answering:
		return c.complete()
	case leaving:
		return c.leave()
	case lingering:
		return c.linger()
	case securing:
		return c.secure()
	default: // serving, closed
		return false
	}
}

// flush writes pending output and reports whether all of it is out. When not,
// the connection waits for the descriptor to become writable, or is closed.
func (c *conn) flush() bool {
	before := c.socket.Pending()
	if before == 0 {
		return true
	}
	switch c.socket.Flush(&c.core.server.buffers) {
	case stream.Done:
		c.taken()
		return true
	case stream.Again:
		c.outputBlocked(before - c.socket.Pending())
		return false
	default:
		c.abort()
		return false
	}
}

// resumption is a connection that let the others have their turn, or whose
// exchange was finished: it goes on.
//
// Owner: reactor.
type resumption conn

// Run implements [async.Task].
func (r *resumption) Run() {
	c := (*conn)(r)
	c.queued = false
	invariant.Check(c.owner.Load() == ownedByReactor, "a queued connection is not lent")
	c.advance()
}

// resumeLater schedules a resumption. Reactor only.
func (c *conn) resumeLater() {
	if !c.queued {
		c.queued = true
		c.core.reactor.Schedule((*resumption)(c))
	}
}

var (
	_ async.Task = (*conn)(nil)
	_ async.Task = (*resumption)(nil)
)
