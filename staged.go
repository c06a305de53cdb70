package fasterapi

import (
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// What middleware may know and change of a response after next(c) has
// returned. A response is staged: its head and body wait in memory until all
// middleware has returned. Streams are sent while the handler runs; they are
// met by [Ctx.OnHead] and [Ctx.FilterStream] instead.

// stages is what middleware asks of one request.
//
// Owner: the handler of the request.
type stages struct {
	heads   []func(*Ctx)
	ends    []func(*Ctx)
	filters []streamFilter
	// headed: the functions of heads have run.
	headed    bool
	deadline  time.Time
	requestID string
	client    netip.Addr
	// written counts the bytes of a streamed body.
	written int64
}

func (s *stages) reset() {
	clear(s.heads)
	clear(s.ends)
	clear(s.filters)
	*s = stages{heads: s.heads[:0], ends: s.ends[:0], filters: s.filters[:0]}
}

// Sent tells whether it is too late to change the response: it is a stream
// that was begun, or the connection was taken over.
func (c *Ctx) Sent() bool { return c.sent() }

// StagedBody is the body of the staged response, nil before the handler has
// returned and for streams. It must not be changed, and is good until the
// middleware returns or stages another body.
func (c *Ctx) StagedBody() []byte {
	if c.sent() {
		return nil
	}
	return c.x.Payload
}

// ReplaceBody stages a copy of body in the place of the staged one. Status,
// content type and header fields stay. It does nothing when the response is
// sent.
func (c *Ctx) ReplaceBody(body []byte) {
	if c.sent() {
		return
	}
	c.scratch = append(c.scratch[:0], body...)
	c.x.Payload = c.scratch
}

// Respond stages a response: for middleware that answers itself instead of
// calling next, or replaces what was staged. Errors are returned instead. body
// must stay unchanged until the response is sent.
func (c *Ctx) Respond(status int, contentType string, body []byte) {
	if c.sent() {
		return
	}
	c.x.Respond(status, typeOr(contentType, ""), body)
}

// ContentType is the content type of the staged response.
func (c *Ctx) ContentType() string { return c.x.ContentType }

// ResponseHeader is the first value of a header field of the response, "" when
// it has none. The fields that the server adds itself (Content-Length, Date)
// are not among them.
func (c *Ctx) ResponseHeader(name string) string {
	for _, f := range c.x.Fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	if strings.EqualFold(name, "Content-Type") {
		return c.x.ContentType
	}
	return ""
}

// Vary adds the name of a request field to the Vary field of the response,
// unless it is there.
func (c *Ctx) Vary(name string) {
	for i, f := range c.x.Fields {
		if !strings.EqualFold(f.Name, "Vary") {
			continue
		}
		for part := range strings.SplitSeq(f.Value, ",") {
			if part = strings.TrimSpace(part); part == "*" || strings.EqualFold(part, name) {
				return
			}
		}
		c.x.Fields[i] = exchange.Field{Name: f.Name, Value: f.Value + ", " + name}
		return
	}
	c.AddHeader("Vary", name)
}

// BodySize is the number of bytes of the response body, as sent: those of the
// staged one, or those that a stream has written so far.
func (c *Ctx) BodySize() int64 {
	if c.sent() {
		return c.stages.written
	}
	return int64(len(c.x.Payload))
}

// Headers returns all values of a request header field, in their order.
func (c *Ctx) Headers(name string) []string {
	var values []string
	for value := range c.x.Head.Values(name) {
		values = append(values, string(value))
	}
	return values
}

// LimitBody refuses a request body of more than limit bytes: at once when its
// length is known, and otherwise while it is read, with the error that is
// answered with 413. The option [MaxBody] does it before the body is received.
func (c *Ctx) LimitBody(limit int64) error {
	if c.x.Head.ContentLength > limit || int64(len(c.x.Body)) > limit {
		return exchange.ErrBodyTooLarge
	}
	if c.x.Stream != nil {
		c.x.Stream = &limitedBody{from: c.x.Stream, left: limit}
	}
	return nil
}

// limitedBody fails behind its limit.
//
// Owner: the handler of the request.
type limitedBody struct {
	from io.Reader
	left int64 // negative: there was more
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, exchange.ErrBodyTooLarge
	}
	if int64(len(p)) > b.left+1 { // one more, to see whether there is more
		p = p[:b.left+1]
	}
	n, err := b.from.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n - 1, exchange.ErrBodyTooLarge
	}
	return n, err
}

// SetRequestID names the request in its log lines and in problem documents. The
// id is seen by the client: it must be made of letters, digits, "-", "_", "."
// and the like.
func (c *Ctx) SetRequestID(id string) { c.stages.requestID = id }

// RequestID is what SetRequestID set, or "".
func (c *Ctx) RequestID() string { return c.stages.requestID }

// SetClient records what a trusted proxy says about the client: its address,
// and whether it came over TLS.
func (c *Ctx) SetClient(client netip.Addr, secure bool) {
	c.stages.client, c.x.Secure = client, secure
}

// Client is the address of the client: that of the connection's peer, unless
// middleware knows that this is a proxy. It is not valid for unix sockets.
func (c *Ctx) Client() netip.Addr {
	if c.stages.client.IsValid() {
		return c.stages.client
	}
	return c.x.Remote.Addr().Unmap()
}

// Options makes one option of several, applied in their order.
func Options(opts ...RouteOption) RouteOption {
	opts = slices.Clone(opts)
	return func(o *options) {
		for _, opt := range opts {
			opt(o)
		}
	}
}
