package fasterapi

import (
	"errors"
	"io"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"slices"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/reply"
)

// What middleware may know and change of a response after next(c) has
// returned. A response is staged: its head and body wait in memory until all
// middleware has returned. Streams are sent while the handler runs; [Ctx.OnHead] and
// [Ctx.FilterStream] handle those.

// holder is a Ctx as the packages reply and bridge see it.
//
// Owner: any (as the Ctx).
type holder struct{ *Ctx }

// Lock implements [reply.Holder].
func (h holder) Lock() *reply.Reply {
	h.mu.Lock()
	if h.request == nil {
		return nil
	}
	return &h.request.reply
}

// Unlock implements [reply.Holder].
func (h holder) Unlock() { h.mu.Unlock() }

// Gone implements [reply.Holder].
func (h holder) Gone() error {
	switch {
	case h.Err() != nil:
		return exchange.ErrClientGone
	case h.app.drain.ending.Load():
		return http.ErrServerClosed
	}
	return nil
}

// Own implements [bridge.Holder].
func (h holder) Own(key any) any { return h.own(key) }

// Cancel implements [bridge.Holder].
func (h holder) Cancel() { h.cancel() }

// Copy implements [bridge.Holder].
func (h holder) Copy(w io.Writer, r io.Reader) (int64, error) { return h.app.drain.copies.Copy(w, r) }

// response reaches the reply for what runs code of others, or logs; the rest goes
// through read and change.
func (c *Ctx) response() reply.Handle { return reply.Handle{Holder: holder{c}} }

// Sent tells whether it is too late to change the response: it is a stream
// that was begun, or the connection was taken over.
func (c *Ctx) Sent() bool { return c.response().Sent() }

// StagedBody is the body of the staged response, nil before the handler has
// returned and for streams. It must not be changed: other responses may share it, and
// that of a [Text] or [HTML] may lie in memory that cannot be written.
func (c *Ctx) StagedBody() []byte {
	return read(c, func(r *request) []byte { return r.reply.StagedBody() })
}

// ReplaceBody stages a copy of body in the place of the staged one. Status,
// content type and header fields stay. It does nothing when the response is
// sent.
func (c *Ctx) ReplaceBody(body []byte) {
	c.change(func(r *request) { r.reply.ReplaceBody(body) })
}

// Respond stages a response: for middleware that answers itself instead of
// calling next, or replaces what was staged. Errors are returned instead. body
// must stay unchanged until the response is sent, see [Blob].
// content type must be valid, and may be that of SetHeader when it is "".
func (c *Ctx) Respond(status int, contentType string, body []byte) {
	c.response().Respond(status, contentType, body)
}

// stage is [reply.Reply.Stage].
func (c *Ctx) stage(status int, contentType string, body []byte) {
	c.change(func(r *request) { r.reply.Stage(status, contentType, body) })
}

// spare is [reply.Reply.Spare].
func (c *Ctx) spare() []byte { return read(c, func(r *request) []byte { return r.reply.Spare() }) }

// stageSpare is [reply.Reply.StageSpare].
func (c *Ctx) stageSpare(status int, contentType string, body []byte) {
	c.change(func(r *request) { r.reply.StageSpare(status, contentType, body) })
}

// keepSpare is [reply.Reply.KeepSpare].
func (c *Ctx) keepSpare(b []byte) { c.change(func(r *request) { r.reply.KeepSpare(b) }) }

// SetStatus sets the status of a successful response. Default: 200, or what
// the type of the response says.
func (c *Ctx) SetStatus(status int) { c.change(func(r *request) { r.reply.SetStatus(status) }) }

// Status is the status of the response as far as it is known: 0 before the
// handler has returned.
func (c *Ctx) Status() int { return read(c, func(r *request) int { return r.reply.Status() }) }

// AddHeader adds a response header field. One that may occur only once, such as
// Content-Type, ETag or Location, takes the place of an earlier one. Values with
// control characters are dropped with a log line: they could end the field.
// Content-Length, Transfer-Encoding, Connection (but close) and Date are the server's
// and dropped. What may not stand in Location and Content-Location is percent-encoded
// (RFC 3986); with control characters in one, the answer is a 500.
func (c *Ctx) AddHeader(name, value string) { c.response().AddHeader(name, value) }

// SetHeader adds a response header field, instead of those of the same name
// that were added before. What a handler sets takes precedence over what the type of its
// response would say, such as application/json for JSON; what the value itself says
// (Blob.ContentType, File.CacheControl) takes precedence over both.
func (c *Ctx) SetHeader(name, value string) { c.response().SetHeader(name, value) }

// DeleteHeader removes the response header fields of this name.
func (c *Ctx) DeleteHeader(name string) { c.response().DeleteHeader(name) }

// EarlyHints tells the client what it is going to need, before the response is known: it sends
// the status 103 with these Link fields at once (RFC 8297), and adds them to the response.
//
//	c.EarlyHints("</style.css>; rel=preload; as=style")
//
// It may be called several times. Clients of HTTP/1.0 are sent nothing; browsers use hints
// over HTTP/2 only. A link with control characters is dropped with a log line. It fails
// when the response has begun, and once the request is over; it waits for a slow client where the
// route runs on goroutines behind net/http, and nowhere else.
func (c *Ctx) EarlyHints(links ...string) error {
	h := c.response()
	var fields []exchange.Field
	for _, link := range links {
		if h.Valid("Link", link) {
			fields = append(fields, exchange.Field{Name: "Link", Value: link})
		}
	}
	err := h.Inform(func(x *exchange.Exchange) error {
		if len(fields) == 0 {
			return nil
		}
		return x.Inform(http.StatusEarlyHints, fields)
	})
	switch {
	case errors.Is(err, exchange.ErrOver):
		return ErrRequestOver
	case err != nil:
		return err
	}
	for _, f := range fields {
		c.AddHeader(f.Name, f.Value)
	}
	return nil
}

// SetCookie adds a Set-Cookie field. An invalid cookie is dropped with a log
// line.
func (c *Ctx) SetCookie(cookie *http.Cookie) {
	text := cookie.String()
	if text == "" {
		c.Logger().Error("cookie dropped: not valid", slog.String("name", cookie.Name))
		return
	}
	c.AddHeader("Set-Cookie", text)
}

// ContentType is the content type of the staged response.
func (c *Ctx) ContentType() string {
	return read(c, func(r *request) string { return r.x.ContentType })
}

// ResponseHeader is the first value of a header field of the response, "" when
// it has none. The fields that the server adds itself (Content-Length, Date)
// are not among them.
func (c *Ctx) ResponseHeader(name string) string {
	return read(c, func(r *request) string { return r.x.FieldValue(name) })
}

// AllResponseHeaders yields the header fields of the response as they are now, but Content-Type: a field with
// several lines several times. What is yielded may be kept. The fields that the server adds itself
// (Content-Length, Date) are not among them.
func (c *Ctx) AllResponseHeaders() iter.Seq2[string, string] {
	lines := read(c, func(r *request) []exchange.Field { return slices.Clone(r.x.Fields()) })
	return func(yield func(name, value string) bool) {
		for _, l := range lines {
			if !yield(l.Name, l.Value) {
				return
			}
		}
	}
}

// Vary adds the name of a request field to the Vary field of the response,
// unless it is there.
func (c *Ctx) Vary(name string) { c.response().Vary(name) }

// BodySize is the number of bytes of the response body, as sent: those of the
// staged one, or those that a stream has written so far.
func (c *Ctx) BodySize() int64 {
	return read(c, func(r *request) int64 { return r.reply.BodySize() })
}

// OnHead calls fn once, when everything about the response is decided and
// nothing of it is sent: behind all middleware, for errors and panics too, and
// for streams before their first byte. It may change status (SetStatus) and header
// fields, and must not block or call next.
//
// It is not called when the handler takes the connection over.
func (c *Ctx) OnHead(fn func(*Ctx)) {
	c.change(func(r *request) { r.reply.OnHead(hookFunc(fn)) })
}

// OnEnd calls fn once, when the handler and all middleware have returned, or
// panicked, and the status is known. A staged response is sent behind it. It
// must not block or change the response.
func (c *Ctx) OnEnd(fn func(*Ctx)) {
	c.change(func(r *request) { r.reply.OnEnd(hookFunc(fn)) })
}

// hookFunc is a function of OnHead or OnEnd.
type hookFunc func(*Ctx)

// Run implements [reply.Hook].
func (f hookFunc) Run(h reply.Holder) { f(h.(holder).Ctx) }

// StreamFilter changes the bytes of a streamed body on their way. Close writes
// what it has kept; it does not close what is below.
type StreamFilter interface {
	io.WriteCloser
	Flush() error
}

// FilterStream puts a filter around the body, if the response turns out to be
// a stream. open is called right before the head is sent: it may look at the
// staged response and change its header fields, and returns a filter that writes
// to next, or nil to leave the body alone. The filter of the innermost
// middleware meets the bytes first.
func (c *Ctx) FilterStream(open func(c *Ctx, next *StreamWriter) StreamFilter) {
	c.change(func(r *request) { r.reply.FilterStream(filterFunc(open)) })
}

// filterFunc is a function of FilterStream.
type filterFunc func(c *Ctx, next *StreamWriter) StreamFilter

// Open implements [reply.FilterMaker].
func (f filterFunc) Open(h reply.Holder, next exchange.BodyWriter) reply.Filter {
	c := h.(holder).Ctx
	return f(c, c.streamWriter(next))
}

// unfinished is what is left to do when a handler and the middleware around it have returned. From then on no other
// handler reads the request.
//
// Owner: whoever asked for it.
type unfinished struct {
	dropped error // see [reply.Reply.Unsendable]
	stages  bool  // middleware wants something done at the end
}

func (r *request) unfinished() unfinished {
	r.inside.closed = true
	return unfinished{r.reply.Unsendable(), r.hasStages()}
}

// hasStages tells whether middleware wants something done at the end.
func (r *request) hasStages() bool { return r.reply.HasHooks() }

// finishStages runs what middleware wants done at the end.
func (c *Ctx) finishStages() {
	h := c.response()
	if h.RunUnsentHeads() {
		if err := h.Unsendable(); err != nil {
			c.outcome = err
			c.fail(err)
		}
	}
	h.RunEnds()
}

// Hijack takes the connection over, for protocols of your own. The framework
// sends nothing more on it, and sets it no timeouts; closing it is up to the caller, at a
// shutdown too, which neither waits for it nor closes it (see [App.OnStop]). Until then it
// counts as an open connection: for HTTPConfig.MaxConns, in the statistics, and in the
// choice of the core for the next one. It has the methods of a [net.TCPConn], or of a
// [crypto/tls.Conn] over TLS, but is of another type. rest are the bytes that the client has
// already sent behind the request. Hijack needs a route on goroutines and HTTP/1. Behind
// [App.Handler] all this is as the http.Server around it has it.
func (c *Ctx) Hijack() (conn net.Conn, rest []byte, err error) {
	err = c.response().TakeOver(func(x *exchange.Exchange) error {
		conn, rest, err = x.Hijack()
		return err
	})
	return conn, rest, err
}
