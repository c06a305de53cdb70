package websocket

import (
	"net"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/internal/poll"
	"github.com/fasterapi/fasterapi/internal/stream"
	"github.com/fasterapi/fasterapi/reactor"
)

// Options are what all connections of a route share.
//
// Owner: any (a plain value).
type Options struct {
	MaxMessage   int64         // bytes of a received message, decompressed
	PingInterval time.Duration // of silence before a ping is sent
	PongTimeout  time.Duration // for anything to come after a ping
	WriteTimeout time.Duration // for the client to take something
	CloseTimeout time.Duration // for the client to close too
	Pools        *Pools
}

// Listener is told what happens to a connection, instead of calling Receive.
// Its methods run on goroutines, one at a time.
type Listener interface {
	// Message takes a message, and closes the connection if it must not go on.
	Message(m Message)
	// Closed is called once, last.
	Closed(err *CloseError)
}

// pendingMost is how many bytes of answers to control frames may wait to be written
// before nothing is read any more.
const pendingMost = 16 << 10

// Conn is the server's side of one WebSocket. Any goroutine may send, close and
// read its state; one at a time may receive.
//
// Owner: mu; timer and registered: reactor; the first block: any (immutable).
type Conn struct {
	opts     *Options
	deflate  bool
	reactor  *reactor.Reactor
	nc       net.Conn // nil: the socket is the reactor's
	listener Listener // nil: Receive is called
	ended    func()   // called once when the connection has ended

	sending sync.Mutex // one message at a time

	mu sync.Mutex
	// See state.go.
	phase         phase
	peerSide      peerSide
	ownSide       ownSide
	sign          sign
	listenerState listenerState
	readable      bool // the kernel may have bytes
	hungUp        bool // the peer has closed its side: reads end soon
	writing       bool // a goroutine writes to nc
	has           bool // message holds one
	engaged       bool // a message was taken, and no other asked for
	lost          bool // something was not sent when the connection ended
	socket        stream.Socket
	decoder       decoder
	in            []byte // in[pos:] was read and not decoded; borrowed
	pos           int
	message       Message
	err           *CloseError
	// arrived and drained end the waits of a receiver and of a sender.
	arrived, drained chan struct{}
	// room ends the wait of readNet for a message to be taken, or answers written.
	room chan struct{}
	life lifetime

	registered bool
	timer      reactor.Timer
}

func newConn(r *reactor.Reactor, o *Options, deflate bool, rest []byte) *Conn {
	c := &Conn{opts: o, reactor: r, deflate: deflate, decoder: newDecoder(o.MaxMessage, deflate), in: rest, life: lifetime{reactor: r}}
	c.timer.Task = (*tick)(c)
	return c
}

// Open takes over a connection whose descriptor belongs to no one. rest are the
// bytes that came after the request. Nothing is read before Start.
func Open(r *reactor.Reactor, fd int, o *Options, deflate bool, rest []byte) *Conn {
	c := newConn(r, o, deflate, rest)
	c.socket.Open(r.Poller(), fd)
	return c
}

// Resume makes the connection go on with the TLS of its descriptor. Before Start.
func (c *Conn) Resume(session *stream.Session) { c.socket.Resume(session) }

// OpenNet is Open for a connection that no reactor can poll.
func OpenNet(r *reactor.Reactor, nc net.Conn, o *Options, deflate bool, rest []byte) *Conn {
	c := newConn(r, o, deflate, rest)
	c.nc = nc
	return c
}

// Start writes response, which completes the handshake (nil: it is complete), and begins to read. With a
// listener, it is called for every message; without, Receive is. ended is called when
// the connection has ended, whatever the reason.
func (c *Conn) Start(response []byte, l Listener, ended func()) {
	c.listener, c.ended = l, ended
	c.mu.Lock()
	if len(response) > 0 {
		c.putRaw(append(c.out(), response...))
	}
	c.mu.Unlock()
	if !c.reactor.Post((*start)(c)) {
		c.mu.Lock()
		c.finish(gone(reactor.ErrStopped))
		c.mu.Unlock()
		return
	}
	if c.nc != nil {
		go c.readNet()
	}
}

// start is a connection that its reactor gets to know.
//
// Owner: reactor.
type start Conn

// Run implements [async.Task].
func (s *start) Run() {
	c := (*Conn)(s)
	c.mu.Lock()
	if c.phase == closed {
		c.mu.Unlock()
		return
	}
	c.reactor.Arm(&c.timer, c.opts.PingInterval)
	if c.nc != nil {
		c.mu.Unlock()
		return
	}
	if err := c.reactor.Register(c.socket.FD(), c); err != nil {
		c.finish(gone(err))
		c.mu.Unlock()
		return
	}
	c.registered = true
	c.mu.Unlock()
	c.Ready(poll.In | poll.Out)
}

// Ready takes the events of the descriptor. It implements [reactor.IO].
func (c *Conn) Ready(ev poll.Ready) {
	c.mu.Lock()
	if ev&poll.Out != 0 {
		c.flush()
	}
	if ev&(poll.In|poll.Hangup|poll.Closed) != 0 {
		c.readable = true
	}
	c.hungUp = c.hungUp || ev&(poll.Hangup|poll.Closed) != 0
	if ev&poll.Closed != 0 && c.has {
		c.finish(gone(errGone)) // nobody reads now, so nobody would find out
	}
	again := c.pump(readsPerTurn)
	work := c.startListener()
	c.check()
	c.mu.Unlock()
	if work {
		c.reactor.Worker((*turn)(c))
	}
	if again {
		c.reactor.Schedule((*resumption)(c))
	}
}

// readsPerTurn is how many reads of 8 KiB a connection may make on its reactor
// before the others get their turn.
const readsPerTurn = 8

// resumption is a connection that let the others have their turn.
//
// Owner: reactor.
type resumption Conn

// Run implements [async.Task].
func (r *resumption) Run() { (*Conn)(r).Ready(poll.In) }

// pump reads and decodes until a message is there, or nothing more. It
// reports whether it stopped after the given number of reads.
func (c *Conn) pump(reads int) (again bool) {
	for c.phase != closed && !c.has && c.socket.Gathered() <= pendingMost {
		switch {
		case c.pos < len(c.in):
			c.digest()
		case c.nc != nil:
			return false // readNet reads
		case !c.readable:
			c.putBack()
			return false
		case reads == 0:
			return true
		default:
			reads--
			c.fill()
		}
	}
	return false
}

// fill reads once.
func (c *Conn) fill() {
	if cap(c.in) != stream.BufferSize {
		c.in = c.opts.Pools.buffers.Get()
	}
	var status stream.Status
	c.in, status = c.socket.Fill(c.in[:0])
	c.pos = 0
	switch status {
	case stream.Done:
		c.readable = c.hungUp || len(c.in) == cap(c.in) || c.socket.ReadAgain() // else a short read took everything
	case stream.Again:
		c.readable = false
	default:
		c.readable = false
		c.finish(gone(errGone))
	}
}

// putBack ends the lease of the buffer.
func (c *Conn) putBack() {
	if c.in != nil {
		c.opts.Pools.buffers.Put(c.in[:0])
	}
	c.in, c.pos = nil, 0
}

// digest decodes up to the end of one message or control frame.
func (c *Conn) digest() {
	c.sign = heard
	if c.peerSide != peerSends {
		c.pos = len(c.in)
		return
	}
	n, m, err := c.decoder.next(c.in[c.pos:])
	c.pos += n
	if err != nil {
		c.fail(err.(*CloseError))
		return
	}
	switch m.op {
	case 0, opPong:
	case opPing:
		if c.ownSide == weSend {
			c.put(opPong, false, m.Data)
		}
	case opClose:
		c.peerCloses(m.Data)
	default:
		if c.phase == open {
			c.message, c.has = m, true
			c.arrive()
		}
	}
}

// arrive ends the wait of the receiver.
func (c *Conn) arrive() {
	if c.arrived != nil {
		close(c.arrived)
		c.arrived = nil
	}
}

// finish ends the connection. The reactor closes the descriptor, which nobody
// touches any more.
func (c *Conn) finish(err *CloseError) {
	if c.phase == closed {
		return
	}
	if c.err == nil {
		c.err = err
	}
	c.lost = c.lost || c.socket.Pending() > 0 // what is in flight to nc is not
	c.phase, c.has, c.message = closed, false, Message{}
	c.life.end()
	if c.nc == nil {
		c.putBack()
	}
	c.socket.Goodbye()
	c.socket.Drop(&c.opts.Pools.buffers)
	c.arrive()
	c.drain()
	c.makeRoom()
	if !c.reactor.Post((*end)(c)) {
		go (*end)(c).closeWithoutReactor()
	}
}

// end is a connection whose descriptor is to be closed.
//
// Owner: reactor.
type end Conn

// Run implements [async.Task].
func (e *end) Run() {
	c := (*Conn)(e)
	c.reactor.Disarm(&c.timer)
	switch {
	case c.nc != nil:
		c.nc.Close()
	case c.registered:
		c.reactor.CloseFD(c.socket.FD())
	default:
		c.reactor.Poller().CloseFD(c.socket.FD())
	}
	c.reactor.Worker((*closedCall)(c))
}

// closeWithoutReactor ends a connection whose reactor has stopped.
func (e *end) closeWithoutReactor() {
	c := (*Conn)(e)
	if c.nc != nil {
		c.nc.Close()
	} else {
		c.reactor.Poller().CloseFD(c.socket.FD())
	}
	(*closedCall)(c).Run()
}

// closedCall is a connection whose listener is told that it has closed.
//
// Owner: the goroutine that runs it.
type closedCall Conn

// Run implements [async.Task].
func (f *closedCall) Run() {
	c := (*Conn)(f)
	c.mu.Lock()
	tell := c.tell()
	c.check()
	c.mu.Unlock()
	if tell {
		c.listener.Closed(c.err)
	}
	c.ended()
}

// tell reports whether the caller has to tell the listener of the end. While
// it is at work, its turn does.
func (c *Conn) tell() bool {
	if c.listener == nil || c.listenerState != waiting || c.phase != closed {
		return false
	}
	c.listenerState = told
	return true
}

// tick runs the timer: pings, and patience that has come to its end.
//
// Owner: reactor.
type tick Conn

// Run implements [async.Task].
func (t *tick) Run() {
	c := (*Conn)(t)
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.check()
	switch {
	case c.phase == closed:
	case c.phase == closing:
		c.finish(gone(ErrSilent))
	case c.peerSide == peerWaits:
		c.sendLastClose()
	case c.sign == heard || c.has: // one that waits to be taken proves that the peer lives
		c.sign = quiet
		c.reactor.Arm(&c.timer, c.opts.PingInterval)
	case c.sign == quiet:
		c.sign = pinged
		c.put(opPing, false, nil)
		c.reactor.Arm(&c.timer, c.opts.PongTimeout)
	default:
		c.finish(gone(ErrSilent))
	}
}
