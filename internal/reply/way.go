package reply

import (
	"context"
	"net/http"
	"strconv"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// Way is the way of a response through net/http middleware: what the handler
// stages or streams is written to w, which the middleware may have wrapped. A nil Way
// is the way straight to the engine.
//
// Owner: the handler of the request. opened: as Reply.
type Way struct {
	w http.ResponseWriter
	// added is the context that the middleware has made of that of the request.
	added  context.Context
	opened bool // a stream was begun on it
	ended  bool // and completed
}

// Enter lets the response go through w from now on, the writer that net/http middleware
// hands to what is inside of it, with the context that it hands on. What the middleware
// has set, and what was set around it, is staged. The way is nested in that of before:
// Leave ends it.
func Enter(h Handle, w http.ResponseWriter, added context.Context) (v, outer *Way) {
	v = &Way{w: w, added: added}
	header := w.Header() // not under the lock: it is the middleware's
	h.Use(func(r *Reply) {
		outer, r.way = r.way, v
		r.x.Load(header)
		r.x.Respond(0, r.x.ContentType, nil)
	})
	return v, outer
}

// Leave makes outer the way again.
func (v *Way) Leave(h Handle, outer *Way) {
	h.Use(func(r *Reply) { r.way = outer })
}

// Finish writes what is staged to the middleware, unless a stream was. It reports
// false for a stream that was not completed.
func (v *Way) Finish(h Handle) (whole bool) {
	switch {
	case h.Taken(), v.ended:
		return true
	case v.opened:
		return false
	}
	status, body, unmeasured := 0, []byte(nil), false
	h.Use(func(r *Reply) { status, body, unmeasured = r.x.Status, r.StagedBody(), r.x.Unmeasured() })
	length := int64(len(body))
	trailing := read(h, func(r *Reply) []exchange.Field { return r.x.Trailing() })
	if status == http.StatusNoContent || status == http.StatusNotModified || trailing != nil || unmeasured {
		length = -1
	}
	v.writeHead(h, length)
	if len(body) > 0 {
		_, _ = v.w.Write(body) // w keeps its error
	}
	v.trail(trailing)
	return true
}

// Open opens the body of the staged response, of length bytes, -1 for not known.
func (v *Way) Open(h Handle, length int64) (exchange.BodyWriter, error) {
	if err := v.mayOpen(h); err != nil {
		return nil, err
	}
	through, length := v.openFilters(h, length)
	if v == nil {
		h.RunHeads()
		body, err := openStraight(h, length)
		if err != nil {
			return nil, err
		}
		return through.over(body), nil
	}
	v.writeHead(h, length)
	if !h.WantsContent() {
		return through.over(unsentBody{wayBody{v.w}, h}), nil
	}
	return through.over(wayBody{v.w}), nil
}

// mayOpen notes that a stream is being opened, or tells why none can be.
func (v *Way) mayOpen(h Handle) (err error) {
	if !h.Use(func(r *Reply) {
		switch {
		case r.x.OnReactor():
			err = exchange.ErrOnReactor
		case r.dropped != 0:
			err = r.dropped.err()
		case v == nil && r.progress != staged, v != nil && v.opened:
			err = exchange.ErrResponseSent
		case v == nil:
			r.progress = opening
		default:
			v.opened = true
		}
	}) {
		return exchange.ErrOver
	}
	return err
}

// openStraight lets the engine send the head.
func openStraight(h Handle, length int64) (exchange.BodyWriter, error) {
	var x *exchange.Exchange
	err := exchange.ErrOver
	h.Use(func(r *Reply) {
		if err = r.dropped.err(); err == nil { // else by a function of OnHead
			x, r.progress = r.x, streaming
		}
	})
	if err != nil {
		return nil, err
	}
	body, err := x.Open(length)
	out := &countedBody{BodyWriter: body}
	h.Use(func(r *Reply) {
		if r.progress = opening; err == nil {
			r.progress, r.out = streaming, out
		}
	})
	switch {
	case err != nil:
		return nil, err
	case !h.WantsContent():
		return unsentBody{body, h}, nil
	}
	return out, nil
}

// Close completes what Open began.
func (v *Way) Close(h Handle) error {
	if err := v.closeFilters(h); err != nil && h.WantsContent() {
		return err
	}
	if v == nil {
		x := h.Exchange()
		if x == nil {
			return exchange.ErrOver
		}
		return x.EndStream()
	}
	v.ended = true
	v.trail(read(h, func(r *Reply) []exchange.Field { return r.x.Trailing() }))
	return nil
}

// trail gives the fields behind the body to the middleware, as net/http takes those that were
// not announced.
func (v *Way) trail(trailing []exchange.Field) {
	if len(trailing) == 0 {
		return
	}
	header := v.w.Header()
	for _, f := range trailing {
		name := http.TrailerPrefix + http.CanonicalHeaderKey(f.Name)
		header[name] = append(header[name], f.Value)
	}
}

// writeHead moves the staged head to the middleware.
func (v *Way) writeHead(h Handle, length int64) {
	header := v.w.Header()
	header.Del("Content-Length")
	status := read(h, func(r *Reply) int {
		r.x.Store(header)
		if names := r.x.Announced(); names != "" {
			header.Set("Trailer", names)
		}
		if r.x.ContentType == "" {
			header["Content-Type"] = nil // no guessing
		}
		return r.x.Status
	})
	if length >= 0 {
		header.Set("Content-Length", strconv.FormatInt(length, 10))
	}
	v.w.WriteHeader(status)
}

// wayBody is a streamed body that goes through net/http middleware.
//
// Owner: the handler of the request.
type wayBody struct{ w http.ResponseWriter }

// Write implements [exchange.BodyWriter].
func (b wayBody) Write(p []byte) (int, error) { return b.w.Write(p) }

// Flush implements [exchange.BodyWriter].
func (b wayBody) Flush() error { return http.NewResponseController(b.w).Flush() }
