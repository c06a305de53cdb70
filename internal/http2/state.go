package http2

import (
	"slices"

	"github.com/fasterapi/fasterapi/internal/invariant"
)

// A connection, and each of its streams, is in one state of each of these kinds. check tells
// which of them go together at the end of a turn.

// phase is what a connection is doing.
type phase uint8

const (
	awaitsPreface  phase = iota // the preface of the client has not come
	awaitsSettings              // its first settings have not come
	open                        // frames are read and streams begin
	leaving                     // the last frames are written, then the connection closes
	lingering                   // everything is sent; input is thrown away until the client has closed too
	closed
)

// peerState is what the client has closed. It only grows.
type peerState uint8

const (
	peerOpen peerState = iota
	// peerEnding: an event told that nothing comes behind what is there.
	peerEnding
	// peerEnded: that was read.
	peerEnded
)

// ending is what a GOAWAY has told the client of the end of the connection. It only grows: a
// stream that was counted out stays so (RFC 9113 6.8), and clients that go by nghttp2, such as
// curl, end the connection with all its streams when they are told otherwise.
type ending uint8

const (
	staysOpen ending = iota
	// asksToLeave: to open no more streams. Those that it opens until it knows are served.
	asksToLeave
	// namesLast: which stream is the last that is served.
	namesLast
)

// step is how far a stream has come.
type step uint8

const (
	beginning  step = iota
	collecting      // its body is being read
	ready           // it is going to be served
	serving         // its handler is at work
	answered        // its handler is done
)

// responseState is how much of the response of a stream is on its way.
type responseState uint8

const (
	noHead responseState = iota
	headSent
	allSent
)

// stack is what of the stream is on the stack of the reactor, or of a coroutine.
type stack uint8

const (
	nothing         stack = iota
	handler               // Serve is
	finishedHandler       // as handler, and Finish was called meanwhile
)

// check holds the states against each other at the end of a turn, in the debug build only.
// Reactor only.
func (c *conn) check() {
	if !invariant.Enabled || c.phase == closed {
		return
	}
	must := invariant.Check
	must(c.listed, "http2: an open connection is known to its core")
	must(c.phase < leaving || len(c.streams) == 0, "http2: a connection that leaves has no streams")
	must(c.ending == namesLast || c.final == 0, "http2: only a GOAWAY counts streams out")
	must(c.block.stream == 0 || c.data.left+c.data.pad == 0, "http2: nothing comes within a field block")
	must(c.room >= 0 && c.received >= 0 && c.room+c.received <= connWindow, "http2: a client may send no more than the window")
	must(c.shut == 0 || c.room == 0, "http2: a connection is shut while there is no room")
	must(c.zombies >= 0, "http2: handlers without a stream are counted")
	c.checkStreams()
	c.checkCollected()
}

// checkStreams looks at each stream, and at the queues of those that may send.
func (c *conn) checkStreams() {
	must := invariant.Check
	queued := 0
	for id, s := range c.streams {
		must(s.c == c && s.id == id && id <= c.last, "http2: a stream is known by its id")
		must(!s.dead && s.cause == nil, "http2: a stream that is known lives")
		must(s.begun || s.step == answered, "http2: the handler knows what is not answered")
		must(s.stack == nothing || s.step == serving, "http2: a handler is on the stack while it is at work")
		must(!s.queued || s.response == headSent, "http2: a stream sends behind its head and before its end")
		must(s.writer == nil || s.response != noHead, "http2: a body comes behind its head")
		must(s.room >= 0 && s.received >= 0, "http2: a client may send no more than the window of a stream")
		must(s.step != collecting || slices.Contains(c.collecting, s), "http2: a body that is collected is known")
		if s.queued {
			queued++
		}
	}
	for urgency := range c.ready {
		for s := c.ready[urgency].first; s != nil; s = s.next {
			must(s.queued && c.streams[s.id] == s && int(s.priority.urgency) == urgency, "http2: a queue has streams of its urgency")
			queued--
		}
	}
	must(queued == 0, "http2: a stream is in one queue")
}

// checkCollected counts what the connection has collected (collect.go).
func (c *conn) checkCollected() {
	must := invariant.Check
	heldBack, granted := 0, int64(0)
	for _, s := range c.collecting {
		must(s.step == collecting && c.streams[s.id] == s, "http2: what is collected belongs to a stream")
		if s.heldBack {
			heldBack++
		}
		if s != c.beyond {
			granted += s.granted
		}
	}
	must(heldBack == c.heldBack, "http2: streams that are held back are counted")
	must(granted <= c.collected, "http2: what streams may send is counted")
	must(c.collected <= c.core.collectRoom, "http2: no more is collected than there is room for")
}

// lastServed is the highest id of a stream that is served, or was: what a GOAWAY names.
func (c *conn) lastServed() uint32 {
	if c.ending == namesLast {
		return c.final
	}
	return c.last
}
