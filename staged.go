package fasterapi

import (
	"log/slog"
	"net/http"
	"net/netip"
	"slices"

	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
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
	requestID string
	client    netip.Addr
	// opening: a stream is being opened; opened: its head is being sent, or was.
	opening, opened bool
	// taking: the connection is being taken over; taken: it was.
	taking, taken bool
	// dropped are the references that could not be sent.
	dropped references
	// out is the body of a stream, once it is open.
	out *countedBody
}

func (s *stages) reset() {
	clear(s.heads)
	clear(s.ends)
	clear(s.filters)
	*s = stages{heads: s.heads[:0], ends: s.ends[:0], filters: s.filters[:0]}
}

// hasStages tells whether middleware wants something done at the end.
func (r *request) hasStages() bool { return len(r.stages.heads)+len(r.stages.ends) > 0 }

// Sent tells whether it is too late to change the response: it is a stream
// that was begun, or the connection was taken over.
func (c *Ctx) Sent() bool { return c.sent() }

// sent is Sent; also once the request is over.
func (c *Ctx) sent() bool {
	return !read(c, func(r *request) bool { return !r.sent() })
}

func (r *request) sent() bool {
	return r.stages.opened || r.stages.taken || r.via != nil && r.via.opened
}

// StagedBody is the body of the staged response, nil before the handler has
// returned and for streams. It must not be changed: other responses may share it, and
// that of a [Text] or [HTML] may lie in memory that cannot be written.
func (c *Ctx) StagedBody() []byte {
	return read(c, func(r *request) []byte {
		if r.sent() {
			return nil
		}
		r.lentScratch = r.lentScratch || r.x.Payload != nil // it may be kept
		return r.x.Payload
	})
}

// ReplaceBody stages a copy of body in the place of the staged one. Status,
// content type and header fields stay. It does nothing when the response is
// sent.
func (c *Ctx) ReplaceBody(body []byte) {
	c.change(func(r *request) {
		if r.sent() {
			return
		}
		r.scratch = append(r.spare(), body...)
		r.x.Respond(r.x.Status, r.x.ContentType, r.scratch)
	})
}

// Respond stages a response: for middleware that answers itself instead of
// calling next, or replaces what was staged. Errors are returned instead. body
// must stay unchanged until the response is sent, see [Blob].
// content type must be valid, and may be that of SetHeader when it is "".
func (c *Ctx) Respond(status int, contentType string, body []byte) {
	if contentType != "" && !c.mayStage("Content-Type", contentType) {
		contentType = ""
	}
	c.change(func(r *request) {
		if contentType == "" && len(body) > 0 {
			contentType = r.x.OwnField("Content-Type")
		}
		if !r.sent() {
			r.x.Respond(status, contentType, body)
		}
	})
}

// stage makes body, which must stay unchanged until the client has it, the response, with the status of SetStatus and the Content-Type of SetHeader if those
// were called.
func (c *Ctx) stage(status int, contentType string, body []byte) {
	c.change(func(r *request) { r.stage(status, contentType, body) })
}

func (r *request) stage(status int, contentType string, body []byte) {
	if r.status != 0 {
		status = r.status
	}
	r.x.Stage(status, contentType, body)
}

// respond makes body the response.
func (c *Ctx) respond(status int, contentType string, body []byte) {
	c.change(func(r *request) { r.x.Respond(status, contentType, body) })
}

// SetStatus sets the status of a successful response. Default: 200, or what
// the type of the response says.
func (c *Ctx) SetStatus(status int) { c.change(func(r *request) { r.status = status }) }

// Status is the status of the response as far as it is known: 0 before the
// handler has returned.
func (c *Ctx) Status() int { return read(c, func(r *request) int { return r.x.Status }) }

// AddHeader adds a response header field. One that may occur only once, such as
// Content-Type, ETag or Location, takes the place of an earlier one. Values with
// control characters are dropped with a log line: they could end the field.
// Content-Length, Transfer-Encoding, Connection (but close) and Date are the server's
// and dropped. What may not stand in Location and Content-Location is percent-encoded
// (RFC 3986); with control characters in one, the answer is a 500.
func (c *Ctx) AddHeader(name, value string) {
	if value, ok := c.sendable(name, value); ok {
		c.stageField(name, func(r *request) { r.x.AddField(name, value) })
	}
}

// SetHeader adds a response header field, instead of those of the same name
// that were added before. What a handler sets goes before what the type of its
// response would say, such as application/json for JSON; what the value itself says
// (Blob.ContentType, File.CacheControl) goes before both.
func (c *Ctx) SetHeader(name, value string) {
	value, valid := c.sendable(name, value)
	c.stageField(name, func(r *request) {
		if valid {
			r.x.SetField(name, value)
		} else {
			r.x.DeleteField(name)
		}
	})
}

// mayStage tells whether a field is valid, and logs it when it is not.
func (c *Ctx) mayStage(name, value string) bool {
	if wire.ValidHeader(name, value) {
		return true
	}
	c.Logger().Error("response header dropped: not a valid field", slog.String("name", name))
	return false
}

// stageField lets f stage a field of this name, and logs one that comes too late
// for any response.
func (c *Ctx) stageField(name string, f func(r *request)) {
	staged := func(r *request) {
		if !r.stages.opened { // else the engine may be reading them
			f(r)
		}
	}
	if !c.change(staged) {
		c.Logger().Warn("response header dropped: the request is over", slog.String("name", name))
	}
}

// DeleteHeader removes the response header fields of this name.
func (c *Ctx) DeleteHeader(name string) {
	c.stageField(name, func(r *request) {
		r.x.DeleteField(name)
		r.stages.dropped &^= referenceIn(name)
	})
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

// Vary adds the name of a request field to the Vary field of the response,
// unless it is there.
func (c *Ctx) Vary(name string) {
	if c.mayStage("Vary", name) {
		c.stageField("Vary", func(r *request) { r.vary(name) })
	}
}

func (r *request) vary(name string) {
	if said := r.x.FieldValue("Vary"); field.Lists(said, "*") || field.Lists(said, name) {
		return
	}
	r.x.AddField("Vary", name)
}

// BodySize is the number of bytes of the response body, as sent: those of the
// staged one, or those that a stream has written so far.
func (c *Ctx) BodySize() int64 {
	return read(c, func(r *request) int64 {
		if r.sent() {
			return r.stages.out.count()
		}
		return int64(len(r.x.Payload))
	})
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
