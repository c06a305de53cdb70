package fasterapi

import (
	"io"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync/atomic"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// OnHead calls fn once, when everything about the response is decided and
// nothing of it is sent: behind all middleware, for errors and panics too, and
// for streams before their first byte. It may change status (SetStatus) and header
// fields, and must not block or call next.
//
// It is not called when the handler takes the connection over.
func (c *Ctx) OnHead(fn func(*Ctx)) {
	c.change(func(r *request) { r.stages.heads = append(r.stages.heads, fn) })
}

// OnEnd calls fn once, when the handler and all middleware have returned, or
// panicked, and the status is known. A staged response is sent behind it. It
// must not block or change the response.
func (c *Ctx) OnEnd(fn func(*Ctx)) {
	c.change(func(r *request) { r.stages.ends = append(r.stages.ends, fn) })
}

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
	c.change(func(r *request) {
		if !r.sent() && !r.stages.opening {
			r.stages.filters = append(r.stages.filters, streamFilter{via: r.via, open: open})
		}
	})
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
	filters := read(c, func(r *request) []streamFilter { return r.stages.filters })
	for i := range filters {
		f := &filters[i]
		if f.via != via {
			continue
		}
		if wrapping == nil {
			wrapping = &filtered{}
			wrapping.top = &wrapping.base
		}
		if f.filter = f.open(c, c.streamWriter(wrapping.top)); f.filter != nil {
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
	filters := read(c, func(r *request) []streamFilter { return r.stages.filters })
	for i := len(filters) - 1; i >= 0; i-- {
		f := &filters[i]
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
// Owner: the handler of the request. written: any (atomic).
type countedBody struct {
	exchange.BodyWriter
	written atomic.Int64
}

func (b *countedBody) Write(p []byte) (int, error) {
	n, err := b.BodyWriter.Write(p)
	b.written.Add(int64(n))
	return n, err
}

// count is the number of bytes written; 0 for nil.
func (b *countedBody) count() int64 {
	if b == nil {
		return 0
	}
	return b.written.Load()
}

// runHeads runs the functions of OnHead. The status that they set is that of the
// response, which is staged already.
func (c *Ctx) runHeads() {
	before := 0
	heads := read(c, func(r *request) []func(*Ctx) {
		if r.stages.headed {
			return nil
		}
		r.stages.headed, before = true, r.status
		return r.stages.heads
	})
	if len(heads) == 0 {
		return
	}
	for _, fn := range slices.Backward(heads) { // like middleware: inside out
		c.runStage(fn)
	}
	c.change(func(r *request) {
		if r.status != before {
			r.x.Respond(r.status, r.x.ContentType, r.x.Payload)
		}
	})
}

// finishStages runs what middleware wants done at the end.
func (c *Ctx) finishStages() {
	if !c.sent() {
		c.runHeads()
		if err := c.droppedReference(); err != nil {
			c.outcome = err
			c.fail(err)
		}
	}
	for fn := c.lastEnd(); fn != nil; fn = c.lastEnd() {
		c.runStage(fn)
	}
}

// lastEnd takes the last of the functions of OnEnd, nil when there is none left.
func (c *Ctx) lastEnd() func(*Ctx) {
	return read(c, func(r *request) func(*Ctx) {
		last := len(r.stages.ends) - 1
		if last < 0 {
			return nil
		}
		fn := r.stages.ends[last]
		r.stages.ends[last] = nil // pooled state must not keep what it refers to
		r.stages.ends = r.stages.ends[:last]
		return fn
	})
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
