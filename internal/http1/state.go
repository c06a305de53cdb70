package http1

import "github.com/fasterapi/fasterapi/internal/invariant"

// A connection is in one state of each of these kinds. check tells which of them go
// together when nothing of the connection is on the stack.

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
	// answering: the handler is done with x; its response is to be sent.
	answering
	// leaving: the last response is written, then the connection closes.
	leaving
	// lingering: everything is sent; input is thrown away until the peer has
	// closed too, so that the kernel does not reset what it has not read yet
	// (RFC 9112 9.6).
	lingering
	// closed: the descriptor is gone, or soon will be, or belongs to a hijacker.
	closed
	// securing: the client has not said everything that TLS asks for; see secure.go.
	securing
)

// headState is how much of the next request head has come, while reading.
type headState uint8

const (
	// firstHead: nothing, and no request came before.
	firstHead headState = iota
	// nextHead: nothing.
	nextHead
	// someHead: x.Head holds the beginning.
	someHead
	// timedHead: as someHead, and the time of that head runs.
	timedHead
)

// peerState is what the peer has closed. It only grows.
type peerState uint8

const (
	peerOpen peerState = iota
	// peerEnded: its sending side; reads end soon.
	peerEnded
	// peerGone: both sides, or it has reset the connection; no response arrives
	// any more.
	peerGone
)

// ending is what becomes of the connection behind the current response. It only
// grows until the next request begins.
type ending uint8

const (
	staysOpen ending = iota
	closes
	// closesUnread: as closes, and input was left unread on purpose, so closing
	// needs lingering.
	closesUnread
)

// stack is what of the connection is on the stack.
type stack uint8

const (
	nothing stack = iota
	// steps: work is. When a turn ends with it a handler has panicked or ended
	// its goroutine.
	steps
	// handler: Serve is, below steps, or on the stack of a suspended coroutine.
	handler
	// finishedHandler: as handler, and Finish was called meanwhile.
	finishedHandler
)

// handover is how advance ends.
type handover uint8

const (
	staysHere   handover = iota
	toCoroutine          // by going on on a coroutine
	toGoroutine          // by lending the connection to a goroutine
)

// endBehind makes the connection end at least so behind the current response.
func (c *conn) endBehind(e ending) { c.ending = max(c.ending, e) }

// check holds the states against each other at the end of a turn, in the debug build
// only. Owner of c.
func (c *conn) check() {
	if !invariant.Enabled || c.phase == closed {
		return
	}
	onReactor := c.owner.Load() == ownedByReactor
	must := invariant.Check
	must(c.onStack == nothing, "nothing of the connection is on the stack between two turns")
	must(c.phase != answering || c.queued, "an answer waits for nothing but a resumption")
	must(c.phase != ready || !onReactor || c.handover != staysHere || c.queued, "a complete exchange is served, or handed over")
	must(c.handover == staysHere || (c.phase == ready || c.phase == securing) && onReactor, "only the reactor hands over, and only what is complete")
	must(!c.begun || c.x != nil, "what the handler knows is there")
	must(c.begun || c.phase != collecting && c.phase != ready && c.phase != serving && c.phase != answering,
		"the handler knows what is beyond its head")
	must(c.head < someHead || c.phase == reading && c.x != nil && c.pos < len(c.in), "the beginning of a head was read")
	must(c.phase != reading || c.ending == staysOpen, "nothing is read behind the last response")
	must(c.body == nil || c.begun, "a body has an exchange")
	must(c.phase != collecting || c.body != nil, "what is collected is a body")
	must(c.reader == nil && c.writer == nil || c.begun, "a stream has an exchange")
	must(!onReactor || c.listed || c.descriptorGone, "an open connection is known to its core")
}
