package http2

import (
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
	"github.com/fasterapi/fasterapi/internal/http2/frame"
)

// dataFrame is a Data frame whose payload is being read; it is not collected first.
//
// Owner: reactor.
type dataFrame struct {
	stream    uint32
	left, pad int // bytes of content and of padding that have not come
	ends      bool
}

// beginData takes the beginning of a Data frame; false: it has not come.
func (c *conn) beginData(h frame.Header, unread []byte) (bool, error) {
	if h.Flags.Has(frame.Padded) && h.Length > 0 && len(unread) == 0 {
		return false, nil
	}
	_, pad, err := h.Padding(unread)
	if err != nil {
		return false, err
	}
	if c.room -= h.Length; c.room < 0 {
		return false, errWindow
	}
	if c.room == 0 && c.shut == 0 {
		c.shut = c.core.sinceEpoch()
	}
	c.pos += frame.HeaderSize
	d := dataFrame{stream: h.Stream, left: h.Length - pad, pad: pad, ends: h.Flags.Has(frame.EndStream)}
	if h.Flags.Has(frame.Padded) {
		c.pos++
		d.left--
	}
	c.credit(h.Length - d.left)
	c.data = d
	if err := c.meetData(h, d); err != nil {
		return false, err
	}
	if d.left+d.pad == 0 {
		c.endData()
	}
	return true, nil
}

// meetData tells whether the stream may get a Data frame, and counts it.
func (c *conn) meetData(h frame.Header, d dataFrame) error {
	s := c.streams[h.Stream]
	switch {
	case s == nil && (c.wasReset(h.Stream) || c.ending == namesLast && h.Stream > c.final):
		if d.ends {
			c.forgetReset(h.Stream)
		} else if d.left == 0 {
			return c.countUseless(1)
		}
		return nil
	case s == nil:
		c.noteReset(h.Stream)
		c.socket.SetOut(frame.AppendReset(c.out(), h.Stream, frame.StreamClosed))
		return c.countUseless(1)
	case s.remoteEnded:
		c.resetStream(s, frame.StreamClosed, errClosedStream)
		return c.countUseless(1)
	}
	if s.room -= h.Length; s.room < 0 {
		c.resetStream(s, frame.FlowControlError, errWindow)
		return nil
	}
	s.credit(h.Length - d.left)
	if d.left == 0 && !d.ends {
		return c.countUseless(1)
	}
	return nil
}

// readData takes what has come of the payload; false: nothing has.
func (c *conn) readData() bool {
	d, unread := &c.data, c.in[c.pos:]
	if len(unread) == 0 {
		return false
	}
	n := min(len(unread), d.left)
	if n > 0 {
		if s := c.streams[d.stream]; s != nil {
			s.takeBody(unread[:n])
		} else {
			c.credit(n)
		}
		d.left -= n
	}
	padding := min(len(unread)-n, d.pad)
	d.pad -= padding
	c.pos += n + padding
	if d.left+d.pad == 0 {
		c.endData()
	}
	return true
}

func (c *conn) endData() {
	d := c.data
	c.data = dataFrame{}
	if s := c.streams[d.stream]; s != nil && d.ends {
		s.endBody()
	}
}

// credit lets the client send n bytes more on the connection. It is told when it may send half
// of everything again, or has next to nothing left: the rest may be bodies that nobody reads.
// Whoever gives back what is of a stream that has ended sends nothing else, so this flushes.
func (c *conn) credit(n int) {
	c.received += n
	if c.phase == closed || c.received == 0 || c.received < connWindow/2 && c.room >= frame.DefaultMaxFrame {
		return
	}
	c.reopened()
	c.room += c.received
	c.socket.SetOut(frame.AppendWindowUpdate(c.out(), 0, c.received))
	c.received = 0
	c.flushSoon()
}

// credit lets the client send n bytes more of the body. It is told when it may send half of
// everything again, or has next to nothing left.
func (s *exchangeStream) credit(n int) {
	s.received += n
	if s.received >= streamWindow/2 || s.received > 0 && s.room < frame.DefaultMaxFrame {
		s.open(s.received)
	}
}

// open makes the window of the stream n bytes larger, in which are all that it has received.
func (s *exchangeStream) open(n int) {
	if s.remoteEnded || s.dead {
		return
	}
	s.room += n
	s.c.socket.SetOut(frame.AppendWindowUpdate(s.c.out(), s.id, n))
	s.received = 0
}

// admit asks the handler what to do with the body.
func (s *exchangeStream) admit() {
	k, x := s.c.core, s.x
	if x.Head.ContentLength == 0 {
		s.discard = true
		s.serveSoon()
		return
	}
	adm := k.server.handler.Admit(x)
	s.limit, s.discard = adm.Limit, adm.Discard
	switch length := x.Head.ContentLength; {
	case s.discard:
		s.serveSoon()
	case length > adm.Limit:
		s.refuse(exchange.TooLong)
	case adm.MayStream && (length < 0 || length > k.server.cfg.StreamAbove):
		s.reader = newBodyReader(s)
		x.BodyReader = s.reader
		if length < 0 || length > firstWindow {
			s.credit(streamWindow - firstWindow)
		}
		s.serveSoon()
	default:
		s.collect()
	}
}

// askForBody sends 100 Continue to a client that waits for it.
func (s *exchangeStream) askForBody() {
	if s.x.Head.Expect100 && !s.asked && s.response == noHead && s.got == 0 {
		s.asked = true
		s.c.sendBlock(s.id, 0, appendStatus(nil, 100))
	}
}

// takeBody takes a piece of the body.
func (s *exchangeStream) takeBody(p []byte) {
	s.got += int64(len(p))
	switch {
	case s.length >= 0 && s.got > s.length:
		s.c.credit(len(p))
		s.malformed(badLength)
	case s.reader != nil:
		s.reader.feed(p)
	case s.step != collecting: // nobody wants it: the window of the stream stays used
		s.c.credit(len(p))
	case s.got > s.limit:
		s.c.credit(len(p))
		s.refuse(exchange.TooLong)
	default:
		s.body = append(s.body, p...)
		s.c.credit(len(p))
		s.wantMore()
		s.earnBody(len(p))
	}
}

// endBody notes that the client sends no more on the stream.
func (s *exchangeStream) endBody() {
	s.remoteEnded = true
	switch {
	case s.length >= 0 && s.got != s.length && !s.discardsRest():
		s.malformed(badLength)
	case s.reader != nil:
		s.reader.finish()
	case s.step == collecting:
		s.bodyBy = 0
		s.x.Body = s.body
		s.serveSoon()
		s.wasCollected()
	}
	s.mayClose()
}

// discardsRest tells whether nobody cares any more how long the body is.
func (s *exchangeStream) discardsRest() bool { return s.step == answered }

// malformed gives up a request whose body breaks the rules: its answer, if there is none yet,
// says so, and behind it the stream is reset.
func (s *exchangeStream) malformed(why *wire.Error) {
	s.after = frame.ProtocolError
	switch {
	case s.reader != nil:
		s.reader.fail(exchange.ErrBodyBroken)
	case s.step == collecting:
		s.refuse(why)
	case s.step == answered:
		s.c.resetStream(s, frame.ProtocolError, why)
	}
}
