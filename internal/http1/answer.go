package http1

import (
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
	switch {
	case x.Forgives():
		x.Overrule(x.Refusal.Status, problem.ContentType, problem.New(x.Refusal.Status, x.Refusal.Reason).AppendJSON(nil))
	case x.Status < 200 || x.Status > 999:
		x.Overrule(500, "", nil) // no final status
	}
	if trailing := x.Trailing(); trailing != nil {
		c.answerTrailed(x, trailing)
		return
	}
	out := c.appendHead(c.out(), x)
	payload := x.Payload
	switch {
	case bodiless(x.Status):
		payload = nil
	case !x.Unmeasured():
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
		c.taken()
	case stream.Again:
		c.noteUnsent(x, len(payload))
		if x.PayloadLeased {
			c.socket.Own()
		} else {
			x.KeepPayload()
		}
		c.outputBlocked(0)
	default:
		c.abort()
	}
}

// answerTrailed is answer for a response with fields behind its content, which only a chunked
// one may have (RFC 9112 7.1.2). Its payload is copied.
func (c *conn) answerTrailed(x *exchange.Exchange, trailing []exchange.Field) {
	out := appendTrailer(c.appendHead(c.out(), x), x)
	out = wire.AppendEnd(append(out, "Transfer-Encoding: chunked\r\n"...))
	c.socket.SetOut(appendTrailing(wire.AppendChunk(out, x.Payload), trailing))
}

// appendTrailer appends the field that announces what comes behind a chunked body.
func appendTrailer(out []byte, x *exchange.Exchange) []byte {
	if names := x.Announced(); names != "" {
		out, _ = wire.AppendHeader(out, "Trailer", names)
	}
	return out
}

// appendTrailing appends the end of a chunked body, with what comes behind it.
func appendTrailing(out []byte, trailing []exchange.Field) []byte {
	var list []wire.Header
	for _, f := range trailing {
		list = append(list, wire.Header{Name: []byte(f.Name), Value: []byte(f.Value)})
	}
	out, _ = wire.AppendLastChunk(out, list)
	return out
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
		out = c.core.elsewhere.append(out, c.core, x.Status, x.ContentType)
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
	case c.ending != staysOpen:
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
