package reply

import (
	"io"
	"sync/atomic"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// Filter changes the bytes of a streamed body on their way. Close writes what it has
// kept; it does not close what is below.
type Filter interface {
	io.WriteCloser
	Flush() error
}

// FilterMaker opens a filter right before the head of a stream is sent: it may change
// the staged head, and returns nil to leave the body alone.
type FilterMaker interface {
	Open(h Holder, next exchange.BodyWriter) Filter
}

// filter is one filter of a response.
//
// Owner: the handler of the request.
type filter struct {
	// way is the net/http middleware around the one that added the filter: the bytes
	// reach the filter before they reach that.
	way    *Way
	maker  FilterMaker
	opened Filter // nil: not open, or not taken
}

// FilterStream puts a filter around the body, if the response turns out to be a stream
// that has not begun.
func (r *Reply) FilterStream(maker FilterMaker) {
	if !r.Sent() && r.progress != opening {
		r.filters = append(r.filters, filter{way: r.way, maker: maker})
	}
}

// openFilters lets the filters right inside of v change the head; they are put around
// the body when that is open.
func (v *Way) openFilters(h Handle, length int64) (wrapping *filtered, newLength int64) {
	filters := read(h, func(r *Reply) []filter { return r.filters })
	for i := range filters {
		f := &filters[i]
		if f.way != v {
			continue
		}
		if wrapping == nil {
			wrapping = &filtered{}
			wrapping.top = &wrapping.base
		}
		if f.opened = f.maker.Open(h.Holder, wrapping.top); f.opened != nil {
			wrapping.top, length = f.opened, -1
		}
	}
	return wrapping, length
}

// closeFilters completes the filters right inside of v.
func (v *Way) closeFilters(h Handle) error {
	filters := read(h, func(r *Reply) []filter { return r.filters })
	for i := len(filters) - 1; i >= 0; i-- {
		f := &filters[i]
		if f.way != v || f.opened == nil {
			continue
		}
		if err := f.opened.Close(); err != nil {
			return err
		}
	}
	return nil
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

// countedBody counts what the engine is given.
//
// Owner: the handler of the request. written: any (atomic).
type countedBody struct {
	exchange.BodyWriter
	written atomic.Int64
}

// Write implements [exchange.BodyWriter].
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
