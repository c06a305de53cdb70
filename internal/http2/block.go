package http2

import (
	"golang.org/x/net/http2/hpack"

	"github.com/fasterapi/fasterapi/internal/http2/frame"
)

// blockState is the field block that is being read.
//
// Owner: reactor.
type blockState struct {
	stream uint32 // 0: none is
	kind   blockKind
	ends   bool // its stream has no Data frames behind it
	itself bool // the stream depends on itself
	frames int
	bytes  int // as they came
}

type blockKind uint8

const (
	beginsStream blockKind = iota
	trailsBody
	// unwanted: it is decoded, because the table changes with it, and thrown away.
	unwanted
	// afterEnd: its stream has ended: that is a mistake of the client.
	afterEnd
)

// mostFrames is how many frames a field block may come in.
const mostFrames = 64

// longestBlock is how many bytes of a field block are read, so that one which is too long for a
// request can be answered: as many as package nethttp reads, and the changes of a table.
func longestBlock(maxHead int) int { return 2*maxHead + frame.DefaultTableSize }

func (c *conn) beginBlock(h frame.Header, payload []byte) error {
	fragment, itself, err := h.Block(payload)
	if err != nil {
		return err
	}
	kind, err := c.kindOf(h)
	if err != nil {
		return err
	}
	c.block = blockState{stream: h.Stream, kind: kind, ends: h.Flags.Has(frame.EndStream), itself: itself}
	c.fields.reset()
	c.fields.fields = c.core.borrowFields()
	return c.addFragment(h, fragment)
}

// kindOf tells what a field block is for.
func (c *conn) kindOf(h frame.Header) (blockKind, error) {
	s := c.streams[h.Stream]
	switch {
	case s != nil && s.remoteEnded:
		return afterEnd, nil
	case s != nil:
		return trailsBody, nil
	case h.Stream > c.last:
		c.last = h.Stream
		if c.ending == namesLast && h.Stream > c.final {
			return unwanted, nil // a GOAWAY says so
		}
		return beginsStream, nil
	case c.wasReset(h.Stream):
		return unwanted, nil
	}
	return 0, errClosedStream
}

func (c *conn) continueBlock(h frame.Header, payload []byte) error {
	return c.addFragment(h, payload)
}

func (c *conn) addFragment(h frame.Header, fragment []byte) error {
	b := &c.block
	first := b.bytes == 0
	b.frames++
	b.bytes += len(fragment)
	if b.frames > mostFrames || b.bytes > longestBlock(c.core.server.cfg.MaxHead) {
		c.core.countFlood()
		return errBlockLong
	}
	if first {
		fragment = c.takeUpdate(fragment)
	}
	if _, err := c.decoder.Write(fragment); err != nil {
		return errCompression
	}
	if !h.Flags.Has(frame.EndHeaders) {
		if c.headBy == 0 {
			c.headBy = c.core.sinceEpoch() + c.core.server.cfg.HeadTimeout
			c.fireBy(c.headBy)
		}
		return nil
	}
	if c.decoder.Close() != nil {
		return errCompression
	}
	c.headBy = 0
	done := *b
	c.block = blockState{}
	err := c.endBlock(done)
	c.core.giveBackFields(&c.fields)
	return err
}

// borrowFields lends room for the fields of a block: a connection that waits for its next request
// keeps neither the room nor what the last one said. A block that comes in many frames may keep it
// while others are read, which then get a new one.
func (k *core) borrowFields() []hpack.HeaderField {
	room := k.fields
	k.fields = nil
	return room
}

// giveBackFields ends the loan, with nothing in it. What of the fields is wanted was copied.
func (k *core) giveBackFields(f *fieldBlock) {
	f.reset()
	k.fields, f.fields = f.fields, nil
}

// takeUpdate lets the decoder have the first of the changes of its table that a block begins with as if it were all of a
// block: RFC 7541 4.2 allows two of them, and x/net takes a second one only while the table is empty. It returns what
// follows, which is everything where the update is wrong.
func (c *conn) takeUpdate(fragment []byte) []byte {
	n := sizeUpdate(fragment)
	if n == 0 {
		return fragment
	}
	if _, err := c.decoder.Write(fragment[:n]); err != nil || c.decoder.Close() != nil {
		return fragment
	}
	return fragment[n:]
}

// sizeUpdate is how long the dynamic table size update is that b begins with (RFC 7541 6.3); 0: there is none, or not
// all of it.
func sizeUpdate(b []byte) int {
	const prefix = 0x1f
	switch {
	case len(b) == 0 || b[0]&^prefix != 0x20:
		return 0
	case b[0]&prefix != prefix:
		return 1
	}
	for i, c := range b[1:] {
		if c < 0x80 {
			return i + 2
		}
	}
	return 0
}

// endBlock acts on a field block that is complete.
func (c *conn) endBlock(b blockState) error {
	switch b.kind {
	case unwanted:
		return c.countUseless(1)
	case afterEnd:
		if s := c.streams[b.stream]; s != nil {
			c.resetStream(s, frame.StreamClosed, errClosedStream)
		}
		return c.countUseless(1)
	case trailsBody:
		if s := c.streams[b.stream]; s != nil {
			return c.trail(s, b)
		}
		return nil
	}
	return c.begin(b)
}

// trail ends a body with its trailer section.
func (c *conn) trail(s *exchangeStream, b blockState) error {
	list, ok := c.fields.trailers()
	if !ok || !b.ends || b.itself {
		s.malformed(badTrailer)
		return c.countUseless(1)
	}
	switch {
	case s.reader != nil:
		s.reader.trail(list)
	case s.begun:
		s.x.SetTrailers(list)
	}
	s.endBody()
	return nil
}

// begin opens a stream, or refuses to.
func (c *conn) begin(b blockState) error {
	if len(c.streams)+c.zombies >= c.core.server.cfg.MaxStreams {
		c.core.countRefused()
		c.noteReset(b.stream)
		c.socket.SetOut(frame.AppendReset(c.out(), b.stream, frame.RefusedStream))
		return c.countUseless(1)
	}
	c.idleBy = 0
	c.core.countStream()
	s := c.core.newStream(c, b.stream)
	c.streams[b.stream] = s
	s.start(b)
	return nil
}
