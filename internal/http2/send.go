package http2

import (
	"strings"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http2/frame"
	"github.com/fasterapi/fasterapi/internal/stream"
)

// flushAbove is how many bytes of frames gather before they are written: four full ones.
const flushAbove = 64 << 10

// flushesPerTurn is how often a connection may fill its buffer before the others get their
// turn.
const flushesPerTurn = 8

// urgencies is how many there are (RFC 9218 4.1); 0 goes first.
const urgencies = 8

// priority is how a client wants a response (RFC 9218).
//
// Owner: reactor.
type priority struct {
	urgency uint8
	// inTurn: it is sent in turn with others of its urgency, not one after the other. So are
	// those whose client says nothing of it: it may be a proxy for many.
	inTurn bool
}

const usualUrgency = 3

// parsePriority reads a Priority field as far as it is one.
func parsePriority(text string) priority {
	p := priority{urgency: usualUrgency, inTurn: text == ""}
	for _, item := range strings.Split(text, ",") {
		switch item = strings.TrimSpace(item); {
		case len(item) == 3 && item[:2] == "u=" && '0' <= item[2] && item[2] < '0'+urgencies:
			p.urgency = item[2] - '0'
		case item == "i", item == "i=?1":
			p.inTurn = true
		case item == "i=?0":
			p.inTurn = false
		}
	}
	return p
}

// streamQueue is the streams of one urgency that may send.
//
// Owner: reactor.
type streamQueue struct{ first, last *exchangeStream }

func (q *streamQueue) push(s *exchangeStream) {
	s.queued, s.prev, s.next = true, q.last, nil
	if q.last == nil {
		q.first = s
	} else {
		q.last.next = s
	}
	q.last = s
}

func (q *streamQueue) remove(s *exchangeStream) {
	if s.prev == nil {
		q.first = s.next
	} else {
		s.prev.next = s.next
	}
	if s.next == nil {
		q.last = s.prev
	} else {
		s.next.prev = s.prev
	}
	s.queued, s.prev, s.next = false, nil, nil
}

// mostUrgent is the stream that sends next; nil: none may.
func (c *conn) mostUrgent() *exchangeStream {
	for i := range c.ready {
		if s := c.ready[i].first; s != nil {
			return s
		}
	}
	return nil
}

// mayGoOn queues a stream that has something to send, and room for it.
func (c *conn) mayGoOn(s *exchangeStream) {
	switch {
	case s.queued, s.dead, s.response != headSent:
	case len(s.payload) > 0:
		if s.window > 0 {
			c.ready[s.priority.urgency].push(s)
			c.flushSoon()
		} else if s.sendBy == 0 {
			s.earnSending(0)
		}
	case s.writer != nil && s.writer.more():
		c.ready[s.priority.urgency].push(s)
	}
}

// sendWhole sends a staged body at once, where nobody is before it and there is room.
func (s *exchangeStream) sendWhole() bool {
	c, n := s.c, len(s.payload)
	if n > c.maxFrame || int64(n) > min(s.window, c.window) || c.socket.Pending() >= flushAbove || c.mostUrgent() != nil {
		return false
	}
	s.sendFrame(n, true)
	return true
}

// sendFrame sends the next n bytes of the body. The fields behind it come with the last ones.
func (s *exchangeStream) sendFrame(n int, last bool) {
	if n > 0 || s.trailing == nil {
		s.sendData(n, last && s.trailing == nil)
	}
	switch {
	case !last:
	case s.trailing == nil:
		s.endedHere()
	default:
		s.sendTrailing()
	}
}

func (s *exchangeStream) sendData(n int, ends bool) {
	c := s.c
	h := frame.Header{Length: n, Type: frame.Data, Stream: s.id}
	if ends {
		h.Flags = frame.EndStream
	}
	c.socket.SetOut(append(frame.AppendHeader(c.out(), h), s.payload[:n]...))
	s.payload = s.payload[n:]
	s.window -= int64(n)
	c.window -= int64(n)
	c.earnRoom(n)
	c.calm.sent()
}

// pump turns bodies into frames until enough is there to write, or nothing more may be sent.
func (c *conn) pump() {
	for c.socket.Pending() < flushAbove {
		s := c.mostUrgent()
		if s == nil {
			c.roomBy = 0
			return
		}
		if !c.sendNext(s) {
			return
		}
	}
}

// sendNext sends a frame of s; false: the connection has no room for it.
func (c *conn) sendNext(s *exchangeStream) bool {
	queue := &c.ready[s.priority.urgency]
	ended := s.writer == nil
	if s.writer != nil && len(s.payload) == 0 {
		if s.payload, ended = s.writer.take(s.whole); s.payload != nil {
			s.whole = s.payload
		}
	} else if s.writer != nil {
		ended = s.writer.drained()
	}
	n := max(min(int64(len(s.payload)), s.window, c.window, int64(c.maxFrame)), 0) // a window that has shrunk may be negative
	last := ended && n == int64(len(s.payload))
	switch {
	case n <= 0 && !last && len(s.payload) > 0 && s.window > 0:
		c.expectRoom()
		return false
	case n <= 0 && !last: // it has nothing to send, or its client has no room for it
		queue.remove(s)
		if len(s.payload) > 0 {
			s.earnSending(0)
			s.waitForClient(false)
		}
		return true
	}
	if last && s.writer != nil {
		s.trailing = s.writer.trailers()
	}
	s.sendFrame(int(n), last)
	switch {
	case last:
		queue.remove(s)
		s.waitNoMore()
		s.mayClose()
		return true
	case len(s.payload) > 0:
		s.earnSending(int(n))
		s.moved()
	default:
		s.sendBy = 0
		s.waitNoMore()
		if s.tunnel != nil && cap(s.whole) > quietBuffer {
			s.payload, s.whole = nil, nil
		}
	}
	if s.priority.inTurn && queue.last != s {
		queue.remove(s)
		queue.push(s)
	}
	return true
}

// flush writes what there is, and what comes when that is out.
func (c *conn) flush() {
	for range flushesPerTurn {
		if c.phase == closed {
			return
		}
		c.pump()
		before := c.socket.Pending()
		if before == 0 {
			c.sentAll()
			return
		}
		switch c.socket.Flush(&c.core.server.buffers) {
		case stream.Done:
			c.taken()
		case stream.Again:
			c.outputBlocked(before - c.socket.Pending())
			return
		default:
			c.breakOff(exchange.ErrClientGone)
			return
		}
	}
	c.flushSoon()
}

// waitForClient counts a body that the client has not taken: a staged one, or what is there of
// one that comes in pieces.
func (s *exchangeStream) waitForClient(moved bool) {
	if s.waiting == nil {
		s.waiting = &exchange.Waiting{Cut: (*unsent)(s).cut}
	}
	if s.writer != nil {
		s.c.core.unsent.Wait(s.waiting, cap(s.whole)+streamBound, nil, moved)
		return
	}
	s.c.core.unsent.Wait(s.waiting, 0, s.whole, moved)
}

// moved tells that the client has taken something of a body that is counted.
func (s *exchangeStream) moved() {
	if s.waiting != nil {
		s.waitForClient(true)
	}
}

// waitNoMore ends the counting.
func (s *exchangeStream) waitNoMore() {
	if s.waiting != nil {
		s.c.core.unsent.Leave(s.waiting)
	}
}

// taken notes that the kernel has all that was written.
func (c *conn) taken() {
	c.writeBy = 0
	if c.waiting != nil {
		c.core.unsent.Leave(c.waiting)
		c.waiting = nil
	}
}

// unwritten is a connection that is to be cut off, because too much waits for clients.
//
// Owner: reactor.
type unwritten conn

// cut lets Run work soon: another connection is at work now.
func (u *unwritten) cut() { u.core.reactor.Schedule(u) }

// Run implements [async.Task]. The client may have taken everything meanwhile.
func (u *unwritten) Run() {
	c := (*conn)(u)
	if c.phase != closed && c.waiting != nil && c.core.unsent.WasCut(c.waiting) {
		c.breakOff(exchange.ErrUnsent)
		c.core.unsent.CutOff()
	}
}

// unsent is a stream that is to be cut off, because too much waits for clients.
//
// Owner: reactor.
type unsent exchangeStream

// cut lets Run work soon: another connection is at work now.
func (u *unsent) cut() { u.c.core.reactor.Schedule(u) }

// Run implements [async.Task]. The client may have taken everything meanwhile.
func (u *unsent) Run() {
	s := (*exchangeStream)(u)
	if !s.dead && s.response != allSent && s.c.core.unsent.WasCut(s.waiting) {
		s.c.giveUp(s, exchange.ErrUnsent)
		s.c.core.unsent.CutOff()
		s.c.flush()
	}
}

var (
	_ async.Task = (*unsent)(nil)
	_ async.Task = (*unwritten)(nil)
)
