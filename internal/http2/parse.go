package http2

import (
	"encoding/binary"

	"github.com/fasterapi/fasterapi/internal/http2/frame"
)

// Sections are of RFC 9113.
var (
	errPreface      = &frame.Error{Code: frame.ProtocolError, Reason: "the connection preface is not that of HTTP/2"}          // 3.4
	errNoSettings   = &frame.Error{Code: frame.ProtocolError, Reason: "the first frame does not tell settings"}                // 3.4
	errInBlock      = &frame.Error{Code: frame.ProtocolError, Reason: "another frame comes within a field block"}              // 6.10
	errNoBlock      = &frame.Error{Code: frame.ProtocolError, Reason: "a continuation continues nothing"}                      // 6.10
	errIdle         = &frame.Error{Code: frame.ProtocolError, Reason: "a frame names a stream that has not begun"}             // 5.1
	errClosedStream = &frame.Error{Code: frame.StreamClosed, Reason: "a field block names a stream that has ended"}            // 5.1
	errWindow       = &frame.Error{Code: frame.FlowControlError, Reason: "more was sent than the window allows"}               // 6.9
	errIncrement    = &frame.Error{Code: frame.ProtocolError, Reason: "a window is updated by nothing"}                        // 6.9
	errOverflow     = &frame.Error{Code: frame.FlowControlError, Reason: "a window becomes larger than it may be"}             // 6.9.1
	errCompression  = &frame.Error{Code: frame.CompressionError, Reason: "a field block cannot be decoded"}                    // 4.3
	errCalm         = &frame.Error{Code: frame.EnhanceYourCalm, Reason: "the client makes work for nothing"}                   // 10.5
	errBlockLong    = &frame.Error{Code: frame.EnhanceYourCalm, Reason: "a field block is too long, or in too many frames"}    // 10.5.1
	errItself       = &frame.Error{Code: frame.ProtocolError, Reason: "a stream depends on itself"}                            // RFC 7540 5.3.1
	errSlow         = &frame.Error{Code: frame.EnhanceYourCalm, Reason: "the rest of a field block has not come in time"}      // 10.5
	errNoRequest    = &frame.Error{Code: frame.ProtocolError, Reason: "a priority is for something else than a request"}       // RFC 9218 7.1
	errEarly        = &frame.Error{Code: frame.ProtocolError, Reason: "there are priorities for more streams than may be"}     // RFC 9218 7.1
	errSecurity     = &frame.Error{Code: frame.InadequateSecurity, Reason: "HTTP/2 asks for better ciphers than this TLS has"} // 9.2.2
)

// parse takes what was read apart into frames.
func (c *conn) parse() error {
	if c.phase == awaitsPreface {
		if err := c.readPreface(); err != nil || c.phase == awaitsPreface {
			return err
		}
	}
	for c.phase == awaitsSettings || c.phase == open {
		if c.data.left+c.data.pad > 0 {
			if !c.readData() {
				return nil
			}
			continue
		}
		if more, err := c.nextFrame(); !more || err != nil {
			return err
		}
	}
	return nil
}

func (c *conn) readPreface() error {
	unread := c.in[c.pos:]
	n := min(len(unread), len(frame.Preface))
	if string(unread[:n]) != frame.Preface[:n] {
		return errPreface
	}
	if n == len(frame.Preface) {
		c.pos += n
		c.phase = awaitsSettings
	}
	return nil
}

// needs is how many bytes the buffer must hold to go on.
func (c *conn) needs() int {
	unread := c.in[c.pos:]
	if len(unread) < frame.HeaderSize {
		return frame.HeaderSize
	}
	return frame.HeaderSize + frame.ParseHeader(unread).Length
}

// nextFrame takes a frame, or the beginning of a Data frame; false: it has not come.
func (c *conn) nextFrame() (bool, error) {
	unread := c.in[c.pos:]
	if len(unread) < frame.HeaderSize {
		return false, nil
	}
	h := frame.ParseHeader(unread)
	if err := c.checkFrame(h); err != nil {
		return false, err
	}
	unread = unread[frame.HeaderSize:]
	if h.Type == frame.Data {
		return c.beginData(h, unread)
	}
	if len(unread) < h.Length {
		return false, nil
	}
	c.pos += frame.HeaderSize + h.Length
	return true, c.take(h, unread[:h.Length])
}

// checkFrame tells what is wrong with the beginning of a frame.
func (c *conn) checkFrame(h frame.Header) error {
	switch {
	case c.phase == awaitsSettings && (h.Type != frame.Settings || h.Flags.Has(frame.Ack)):
		return errNoSettings
	case c.block.stream != 0 && (h.Type != frame.Continuation || h.Stream != c.block.stream):
		return errInBlock
	case c.block.stream == 0 && h.Type == frame.Continuation:
		return errNoBlock
	}
	if err := h.Check(frame.DefaultMaxFrame); err != nil {
		return err
	}
	if h.Stream > c.last && (h.Type == frame.Data || h.Type == frame.ResetStream || h.Type == frame.WindowUpdate) {
		return errIdle
	}
	return nil
}

// take acts on a whole frame.
func (c *conn) take(h frame.Header, payload []byte) error {
	switch h.Type {
	case frame.Headers:
		return c.beginBlock(h, payload)
	case frame.Continuation:
		return c.continueBlock(h, payload)
	case frame.Settings:
		return c.takeSettings(h, payload)
	case frame.Ping:
		return c.takePing(h, payload)
	case frame.WindowUpdate:
		return c.takeWindowUpdate(h, payload)
	case frame.ResetStream:
		return c.takeReset(h)
	case frame.PriorityUpdate:
		return c.takePriority(payload)
	case frame.GoAway: // the client begins no more streams; it waits for those that it has
		return nil
	case frame.Priority: // of RFC 7540; nobody goes by it
		if binary.BigEndian.Uint32(payload)&frame.MaxStream == h.Stream {
			return errItself
		}
		return c.countUseless(1)
	default: // one that nobody knows (5.5)
		return c.countUseless(1)
	}
}
