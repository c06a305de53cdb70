package fasterapi

import (
	"net/http"
	"strconv"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// relay is the way of a response through net/http middleware: what the handler
// stages or streams is written to w, which the middleware may have wrapped. A
// nil relay is the way straight to the engine.
//
// Owner: the handler of the request.
type relay struct {
	w      http.ResponseWriter
	opened bool
	ended  bool
}

// openBody opens the body of the staged response, length -1 for not known.
func (c *Ctx) openBody(length int64) (exchange.BodyWriter, error) { return c.via.open(c, length) }

// closeBody completes what openBody began.
func (c *Ctx) closeBody() error { return c.via.close(c) }

func (v *relay) open(c *Ctx, length int64) (exchange.BodyWriter, error) {
	if err := v.mayOpen(c); err != nil {
		return nil, err
	}
	through, length := c.openFilters(v, length)
	if v != nil {
		v.head(c, length)
		if !c.wantsContent() {
			return through.over(unsentBody{relayBody{v.w}, c}), nil
		}
		return through.over(relayBody{v.w}), nil
	}
	c.runHeads()
	var dropped error // by them
	c.change(func(r *request) {
		dropped = r.stages.dropped.err()
		r.stages.opened = dropped == nil
	})
	if dropped != nil {
		return nil, dropped
	}
	body, err := c.x.Open(length)
	out := &countedBody{BodyWriter: body}
	c.change(func(r *request) {
		if r.stages.opened = err == nil; err == nil {
			r.stages.out = out
		}
	})
	switch {
	case err != nil:
		return nil, err
	case !c.wantsContent():
		return through.over(unsentBody{body, c}), nil
	}
	return through.over(out), nil
}

// mayOpen notes that a stream is being opened, or tells why none can be.
func (v *relay) mayOpen(c *Ctx) (err error) {
	if !c.change(func(r *request) {
		switch {
		case r.x.OnReactor():
			err = exchange.ErrOnReactor
		case r.stages.dropped != 0:
			err = r.stages.dropped.err()
		case v == nil && (r.stages.opening || r.stages.taking || r.stages.taken), v != nil && v.opened:
			err = exchange.ErrResponseSent
		case v == nil:
			r.stages.opening = true
		default:
			v.opened = true
		}
	}) {
		return ErrRequestOver
	}
	return err
}

func (v *relay) close(c *Ctx) error {
	if err := c.closeFilters(v); err != nil && c.wantsContent() {
		return err
	}
	if v == nil {
		return c.x.EndStream()
	}
	v.ended = true
	return nil
}

// head moves the staged head to the middleware.
func (v *relay) head(c *Ctx, length int64) {
	header := v.w.Header()
	header.Del("Content-Length")
	status := read(c, func(r *request) int {
		r.x.Store(header)
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

// relayBody is a streamed body that goes through net/http middleware.
type relayBody struct{ w http.ResponseWriter }

// Write implements [exchange.BodyWriter].
func (b relayBody) Write(p []byte) (int, error) { return b.w.Write(p) }

// Flush implements [exchange.BodyWriter].
func (b relayBody) Flush() error { return http.NewResponseController(b.w).Flush() }
