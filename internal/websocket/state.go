package websocket

import "github.com/fasterapi/fasterapi/internal/invariant"

// A connection is in one state of each of these kinds. check tells which of them go
// together whenever mu is free.

// phase is what a connection is doing.
type phase uint8

const (
	open    phase = iota
	closing       // a close frame was sent or came; data is thrown away
	closed        // the descriptor is gone, or soon will be
)

// peerSide is what the peer may still say.
type peerSide uint8

const (
	// peerSends: messages.
	peerSends peerSide = iota
	// peerWaits: nothing that is looked at. It has sent its close frame, or has made a
	// mistake, and gets ours once the message in work is answered.
	peerWaits
	// peerAnswered: as peerWaits, and our close frame was sent.
	peerAnswered
)

// ownSide is what we may still say.
type ownSide uint8

const (
	weSend     ownSide = iota
	closeSent          // nothing behind the close frame
	sideClosed         // our side of the stream is closed
)

// sign is the last sign of life, for the timer.
type sign uint8

const (
	quiet  sign = iota // nothing has come since the last tick
	heard              // something has
	pinged             // nothing has come since the ping
)

// listenerState is what the listener is doing.
type listenerState uint8

const (
	waiting listenerState = iota // for a message
	atWork
	told // of the end: nothing more happens to it
)

// check holds the states against each other, in the debug build only. Under mu.
func (c *Conn) check() {
	if !invariant.Enabled {
		return
	}
	must := invariant.Check
	must(c.phase == open || c.err != nil, "a connection that ends knows why")
	must(c.phase != closed || c.life.ended() && !c.has, "nothing is left of what has ended")
	must(c.peerSide == peerSends || c.life.ended() && c.err != nil, "the context ends with what the peer says")
	must(c.peerSide != peerWaits || c.phase != closing, "a peer that waits for our close frame has not got it")
	must(c.peerSide != peerAnswered || c.phase != open, "what is answered is not open")
	must(c.ownSide == weSend || c.phase != open, "a close frame begins the end")
	must(c.ownSide != sideClosed || c.peerSide == peerAnswered, "our side closes last")
	must(c.phase != closing || c.ownSide != weSend, "a connection closes with a close frame")
	must(c.listenerState == waiting || c.listener != nil, "nobody listens")
	must(c.listenerState != told || c.phase == closed, "the listener is told of the end at the end")
	must(c.sign != pinged || !c.has, "a message is a sign of life")
}
