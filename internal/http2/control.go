package http2

import (
	"encoding/binary"
	"maps"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http2/frame"
)

// takeSettings takes what the client wants, and says so.
func (c *conn) takeSettings(h frame.Header, payload []byte) error {
	if h.Flags.Has(frame.Ack) {
		return nil
	}
	first := c.phase == awaitsSettings
	if first {
		c.phase = open
		c.headBy = 0
	}
	n := h.Length / 6
	for i := range n {
		s := frame.SettingAt(payload, i)
		if err := s.Check(); err != nil {
			return err
		}
		if err := c.apply(s); err != nil {
			return err
		}
	}
	c.socket.SetOut(frame.AppendSettingsAck(c.out()))
	if first {
		return nil
	}
	return c.countUseless(max(n, 1)) // each may be for all streams
}

func (c *conn) apply(s frame.Setting) error {
	switch s.ID {
	case frame.HeaderTableSize:
		c.shrunk = c.shrunk || s.Value < frame.DefaultTableSize
	case frame.MaxFrameSize:
		c.maxFrame = int(min(s.Value, frame.DefaultMaxFrame)) // longer ones would keep other streams waiting
	case frame.InitialWindowSize:
		change := int64(s.Value) - c.initial
		c.initial = int64(s.Value)
		for _, stream := range c.streams {
			if stream.window+change > frame.MaxWindow {
				return errOverflow
			}
			stream.window += change
			c.mayGoOn(stream)
		}
	}
	return nil
}

func (c *conn) takePing(h frame.Header, payload []byte) error {
	if h.Flags.Has(frame.Ack) {
		return nil
	}
	c.socket.SetOut(frame.AppendPing(c.out(), payload))
	return c.countUseless(1)
}

func (c *conn) takeWindowUpdate(h frame.Header, payload []byte) error {
	n := frame.Increment(payload)
	if h.Stream == 0 {
		if n == 0 {
			return errIncrement
		}
		if c.window += n; c.window > frame.MaxWindow {
			return errOverflow
		}
		return c.calm.updated(c)
	}
	s := c.streams[h.Stream]
	switch {
	case s == nil: // it has ended meanwhile
	case n == 0:
		c.resetStream(s, frame.ProtocolError, errIncrement)
		return c.countUseless(1) // to make the server reset is to reset (CVE-2025-8671)
	case s.window+n > frame.MaxWindow:
		c.resetStream(s, frame.FlowControlError, errOverflow)
		return c.countUseless(1)
	default:
		s.window += n
		c.mayGoOn(s)
	}
	return c.calm.updated(c)
}

// takeReset ends a stream that the client does not want any more. Rapid resets are an attack,
// whatever code they have (CVE-2023-44487).
func (c *conn) takeReset(h frame.Header) error {
	if s := c.streams[h.Stream]; s != nil {
		s.cut(exchange.ErrClientGone)
		c.mayLeave()
	}
	return c.countUseless(1)
}

// takePriority takes how urgent a stream is from now on (RFC 9218 7.1).
func (c *conn) takePriority(payload []byte) error {
	id := binary.BigEndian.Uint32(payload) & frame.MaxStream
	if id%2 == 0 {
		return errNoRequest
	}
	p := parsePriority(string(payload[4:]))
	if s := c.streams[id]; s != nil {
		s.prioritize(p)
	} else if id > c.last && !c.keepPriority(id, p) {
		return errEarly
	}
	return c.countUseless(1)
}

// prioritize moves the stream to where its client wants it.
func (s *exchangeStream) prioritize(p priority) {
	if s.queued {
		s.c.ready[s.priority.urgency].remove(s)
		s.c.ready[p.urgency].push(s)
	}
	s.priority = p
}

// keepPriority keeps what a client says of a stream that it is going to open; false: with those that are open there
// are more of them than there may be.
func (c *conn) keepPriority(id uint32, p priority) bool {
	if c.early == nil {
		c.early = map[uint32]priority{}
	}
	c.early[id] = p
	if len(c.early)+len(c.streams) <= c.core.server.cfg.MaxStreams {
		return true
	}
	c.forgetEarly()
	return len(c.early)+len(c.streams) <= c.core.server.cfg.MaxStreams
}

// earlyPriority returns what was kept for a stream that is being opened, which says more than its field does.
func (c *conn) earlyPriority(id uint32) (p priority, ok bool) {
	if c.early == nil {
		return p, false
	}
	p, ok = c.early[id]
	c.forgetEarly()
	return p, ok
}

// forgetEarly forgets the streams that are not to be opened any more: later ones were (RFC 9113 5.1.1).
func (c *conn) forgetEarly() {
	maps.DeleteFunc(c.early, func(id uint32, _ priority) bool { return id <= c.last })
	if len(c.early) == 0 {
		c.early = nil
	}
}
