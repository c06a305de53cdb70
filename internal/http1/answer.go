package http1

import (
	"errors"
	"strings"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
	"github.com/fasterapi/fasterapi/internal/stream"
	"github.com/fasterapi/fasterapi/problem"
)

// writeApart is the payload size in bytes from which it is handed to the
// kernel where it lies instead of being copied behind its head: the copy of
// 16 KiB costs about as much as what a second vector costs in the kernel.
const writeApart = 16 << 10

// out returns the output buffer, borrowed if need be.
func (c *conn) out() []byte {
	if b := c.socket.Out(); b != nil {
		return b
	}
	return c.core.server.buffers.Get()
}

// answer appends the staged response of x to the output.
func (c *conn) answer(x *exchange.Exchange) {
	if x.Status < 200 || x.Status > 999 {
		x.Respond(500, "", nil) // no final status
	}
	out := c.appendHead(c.out(), x)
	payload := x.Payload
	if bodiless(x.Status) {
		payload = nil
	} else {
		out = wire.AppendContentLength(out, int64(len(payload)))
	}
	out = wire.AppendEnd(out)
	if headOnly(x) {
		payload = nil
	}
	if len(payload) < writeApart {
		c.socket.SetOut(append(out, payload...))
		return
	}
	c.socket.SetOut(out)
	switch c.socket.FlushWith(&c.core.server.buffers, payload) {
	case stream.Done:
		c.writeBy = 0
	case stream.Again:
		c.moved(0)
	default:
		c.abort()
	}
}

// appendHead appends the status line and the fields of x, without framing.
func (c *conn) appendHead(out []byte, x *exchange.Exchange) []byte {
	switch {
	case c.core.server.serverLine != nil && x.FieldValue("Server") != "": // the handler's
		out = wire.AppendStatus(out, x.Status, 1)
		out = c.core.appendDate(out, x.OnReactor())
		out = appendContentType(out, x.ContentType)
	case x.OnReactor():
		out = append(out, c.core.opening.of(c.core, x.Status, x.ContentType)...)
	default:
		out = appendOpening(out, c.core, x.Status, x.ContentType, false)
	}
	for _, f := range x.Fields() {
		out, _ = wire.AppendHeader(out, f.Name, f.Value)
	}
	return c.appendConnection(out, x)
}

// appendConnection appends the Connection field. It lists Upgrade where that is
// sent (RFC 9110 7.8).
func (c *conn) appendConnection(out []byte, x *exchange.Exchange) []byte {
	options := ""
	switch {
	case c.mustClose:
		options = "close"
	case x.Head.Minor == 0:
		options = "keep-alive"
	}
	if x.FieldValue("Upgrade") != "" {
		options = strings.TrimPrefix(options+", Upgrade", ", ")
	}
	if options == "" {
		return out
	}
	out, _ = wire.AppendHeader(out, "Connection", options)
	return out
}

// bodiless tells whether responses of this status have no content (RFC 9110
// 6.4.1).
func bodiless(status int) bool {
	return status < 200 || status == 204 || status == 304
}

func headOnly(x *exchange.Exchange) bool {
	return string(x.Head.Method) == "HEAD"
}

// refuseFor answers a request that package wire found wrong.
func (c *conn) refuseFor(err error) {
	var bad *wire.Error
	if errors.As(err, &bad) {
		c.refuse(bad.Status, bad.Reason)
		return
	}
	c.refuse(400, "the request cannot be read")
}

// refuse answers a request that cannot be served and closes the connection:
// where the next request begins is in doubt.
func (c *conn) refuse(status int, reason string) {
	c.core.refused.Add(1)
	c.body = nil
	c.mustClose, c.unread = true, true
	c.expectNothing() // a deadline that has passed would hide the one of writing
	out := wire.AppendStatus(c.out(), status, 1)
	out = c.core.appendDate(out, c.owner.Load() == ownedByReactor)
	out = append(out, c.core.server.serverLine...)
	out, _ = wire.AppendHeader(out, "Content-Type", problem.ContentType)
	text := problem.New(status, reason).AppendJSON(nil)
	out = append(out, "Connection: close\r\n"...)
	out = wire.AppendContentLength(out, int64(len(text)))
	out = wire.AppendEnd(out)
	if !c.begun || !headOnly(c.x) {
		out = append(out, text...)
	}
	c.socket.SetOut(out)
	c.phase = leaving
	c.dropExchange()
}
