package http2

import (
	"net"
	"slices"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http2/frame"
	"github.com/fasterapi/fasterapi/problem"
)

// answer sends the staged response, or as much of it as the client takes now.
func (s *exchangeStream) answer() {
	x := s.x
	switch {
	case x.Forgives():
		x.Overrule(x.Refusal.Status, problem.ContentType, problem.New(x.Refusal.Status, x.Refusal.Reason).AppendJSON(nil))
	case x.Tunnel && x.Status/100 == 2: // the client would take what follows for its WebSocket
		x.Overrule(501, problem.ContentType, problem.New(501, "what answers here is no WebSocket").AppendJSON(nil))
	case x.Status < 200 || x.Status > 999:
		x.Overrule(500, "", nil) // no final status
	}
	payload := x.Payload
	if !x.WantsContent() {
		payload = nil
	}
	block := appendResponse(s.c.core.block[:0], s.c.core, x)
	if !bodiless(x.Status) && !x.Unmeasured() {
		block = appendLength(block, int64(len(x.Payload)))
	}
	trailing := x.Trailing()
	if trailing != nil {
		block = appendField(block, exchange.Field{Name: "trailer", Value: x.Announced()})
		s.trailing = encodeTrailing(trailing)
	}
	s.c.core.block = block
	s.response = headSent
	if len(payload) == 0 && trailing != nil {
		s.c.sendBlock(s.id, 0, block)
		s.sendTrailing()
		return
	}
	if len(payload) == 0 {
		s.endedHere()
		s.c.sendBlock(s.id, frame.EndStream, block)
		return
	}
	s.c.sendBlock(s.id, 0, block)
	s.payload, s.whole = payload, payload
	if s.sendWhole() {
		return
	}
	if x.PayloadLeased {
		s.payload = slices.Clone(payload)
		s.whole = s.payload
	} else {
		x.KeepPayload()
	}
	s.waitForClient(false)
	s.c.mayGoOn(s)
}

// endedHere notes that all of the response is on its way.
func (s *exchangeStream) endedHere() {
	s.payload, s.whole, s.trailing, s.sendBy = nil, nil, nil, 0
	s.response = allSent
}

// appendResponse encodes the status and the fields of x, but for its length. Reactor only.
func appendResponse(b []byte, k *core, x *exchange.Exchange) []byte {
	if k.server.cfg.ServerName != "" && x.FieldValue("Server") != "" { // the handler's
		b = appendOpening(b, k.reactor.Now(), x.Status, x.ContentType, "")
	} else {
		b = append(b, k.opening.of(k, x.Status, x.ContentType)...)
	}
	for _, f := range x.Fields() {
		b = appendField(b, f)
	}
	return b
}

// encodeTrailing encodes the fields behind a body; nil: there are none.
func encodeTrailing(trailing []exchange.Field) (block []byte) {
	for _, f := range trailing {
		block = appendField(block, f)
	}
	return block
}

// sendTrailing sends the fields behind the body, and with them its end.
func (s *exchangeStream) sendTrailing() {
	s.c.sendBlock(s.id, frame.EndStream, s.trailing)
	s.endedHere()
}

// bodiless tells whether responses of this status have no length (RFC 9110 8.6).
func bodiless(status int) bool { return status < 200 || status == 204 || status == 304 }

// sendBlock sends a field block.
func (c *conn) sendBlock(id uint32, flags frame.Flags, block []byte) {
	if c.shrunk {
		c.shrunk = false
		block = append([]byte{0x20}, block...) // our table has no entry, from now on for good
	}
	c.socket.SetOut(frame.AppendBlock(c.out(), id, flags, block, c.maxFrame))
}

// Inform sends an interim response. It implements [exchange.Informer], and never waits.
func (s *exchangeStream) Inform(x *exchange.Exchange, status int, fields []exchange.Field) error {
	block := appendStatus(nil, status)
	for _, f := range fields {
		block = appendField(block, f)
	}
	if x.OnReactor() {
		s.inform(block)
		return nil
	}
	s.c.core.reactor.Post(async.TaskFunc(func() { s.inform(block) })) // in order with the end of Serve, which is posted too
	return nil
}

func (s *exchangeStream) inform(block []byte) {
	if !s.dead && s.response == noHead {
		s.c.sendBlock(s.id, 0, block)
		s.c.flushSoon()
	}
}

// Hijack implements [exchange.Carrier]: a stream is no connection.
func (*exchangeStream) Hijack(*exchange.Exchange) (net.Conn, []byte, error) {
	return nil, nil, exchange.ErrHijackUnsupported
}

// Open implements [exchange.Carrier].
func (s *exchangeStream) Open(x *exchange.Exchange, length int64) (exchange.BodyWriter, error) {
	k := s.c.core
	if x.Tunnel && x.Status/100 == 2 {
		return nil, errNoTunnel
	}
	server := k.server.cfg.ServerName
	if x.FieldValue("Server") != "" {
		server = ""
	}
	block := appendOpening(nil, time.Now(), x.Status, x.ContentType, server)
	for _, f := range x.Fields() {
		block = appendField(block, f)
	}
	if length >= 0 && !bodiless(x.Status) {
		block = appendLength(block, length)
	}
	if names := x.Announced(); names != "" {
		block = appendField(block, exchange.Field{Name: "trailer", Value: names})
	}
	s.opened = newBodyWriter(s, block, length, !x.WantsContent())
	return s.opened, nil
}

// EndStream implements [exchange.Carrier].
func (s *exchangeStream) EndStream(x *exchange.Exchange) error {
	if s.opened == nil {
		return exchange.ErrOver
	}
	return s.opened.end(encodeTrailing(x.Trailing()))
}
