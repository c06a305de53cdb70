package fasterapi

import (
	"io"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/reply"
)

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

// hasStages tells whether middleware wants something done at the end.
func (r *request) hasStages() bool { return r.reply.HasHooks() }

// finishStages runs what middleware wants done at the end.
func (c *Ctx) finishStages() {
	if h := c.response(); !h.Sent() {
		h.RunHeads()
		if err := h.Unsendable(); err != nil {
			c.outcome = err
			c.fail(err)
		}
	}
	c.response().RunEnds()
}
