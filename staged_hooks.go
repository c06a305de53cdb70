package fasterapi

import (
	"io"
	"log/slog"
	"runtime/debug"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// OnHead calls fn once, when everything about the response is decided and
// nothing of it is sent: behind all middleware, for errors and panics too, and
// for streams before their first byte. It may change status and header fields,
// and must not block or call next.
//
// It is not called when the handler takes the connection over.
func (c *Ctx) OnHead(fn func(*Ctx)) { c.stages.heads = append(c.stages.heads, fn) }

// OnEnd calls fn once, when the handler and all middleware have returned, or
// panicked, and the status is known. A staged response is sent behind it. It
// must not block or change the response.
func (c *Ctx) OnEnd(fn func(*Ctx)) { c.stages.ends = append(c.stages.ends, fn) }

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
	c.stages.filters = append(c.stages.filters, streamFilter{via: c.via, open: open})
}

// streamFilter is one filter of a response.
type streamFilter struct {
	// via is the net/http middleware around the one that added the filter: the
	// bytes reach the filter before they reach via.
	via    *relay
	open   func(*Ctx, *StreamWriter) StreamFilter
	filter StreamFilter // once it is open; nil: not taken
}

// openFilters lets the filters right inside of via change the head; they are put
// around the body when that is open.
func (c *Ctx) openFilters(via *relay, length int64) (wrapping *filtered, newLength int64) {
	for i := range c.stages.filters {
		f := &c.stages.filters[i]
		if f.via != via {
			continue
		}
		if wrapping == nil {
			wrapping = &filtered{}
			wrapping.top = &wrapping.base
		}
		if f.filter = f.open(c, &StreamWriter{wrapping.top}); f.filter != nil {
			wrapping.top, length = f.filter, -1
		}
	}
	return wrapping, length
}

// filtered is a streamed body behind its filters.
//
// Owner: the handler of the request.
type filtered struct {
	base lateBody
	top  exchange.BodyWriter
}

// over puts the filters around body; a nil receiver has none.
func (f *filtered) over(body exchange.BodyWriter) exchange.BodyWriter {
	if f == nil {
		return body
	}
	f.base.BodyWriter = body
	return f.top
}

// lateBody is a body whose head is not sent yet when the filters open.
//
// Owner: the handler of the request.
type lateBody struct{ exchange.BodyWriter }

// closeFilters completes the filters right inside of via.
func (c *Ctx) closeFilters(via *relay) error {
	for i := len(c.stages.filters) - 1; i >= 0; i-- {
		f := &c.stages.filters[i]
		if f.via != via || f.filter == nil {
			continue
		}
		if err := f.filter.Close(); err != nil {
			return err
		}
	}
	return nil
}

// countedBody counts what the engine is given.
//
// Owner: the handler of the request.
type countedBody struct {
	exchange.BodyWriter
	c *Ctx
}

func (b *countedBody) Write(p []byte) (int, error) {
	n, err := b.BodyWriter.Write(p)
	b.c.stages.written += int64(n)
	return n, err
}

// runHeads runs the functions of OnHead.
func (c *Ctx) runHeads() {
	if c.stages.headed {
		return
	}
	c.stages.headed = true
	for i := len(c.stages.heads) - 1; i >= 0; i-- { // like middleware: inside out
		c.runStage(c.stages.heads[i])
	}
}

// finishStages runs what middleware wants done at the end.
func (c *Ctx) finishStages() {
	if !c.sent() {
		c.runHeads()
	}
	for len(c.stages.ends) > 0 {
		last := len(c.stages.ends) - 1
		fn := c.stages.ends[last]
		c.stages.ends[last] = nil // a pooled Ctx must not keep what it refers to
		c.stages.ends = c.stages.ends[:last]
		c.runStage(fn)
	}
}

// runStage contains the panics of fn: the response is decided already.
func (c *Ctx) runStage(fn func(*Ctx)) {
	defer func() {
		if v := recover(); v != nil {
			c.Logger().Error("function given to OnHead or OnEnd panicked",
				slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
		}
	}()
	fn(c)
}
