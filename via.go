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
	switch {
	case c.x.OnReactor():
		return nil, exchange.ErrOnReactor
	case v == nil && (c.x.Streamed() || c.x.Hijacked()), v != nil && v.opened:
		return nil, exchange.ErrResponseSent
	}
	through, length := c.openFilters(v, length)
	if v != nil {
		v.opened = true
		v.head(c, length)
		return through.over(relayBody{v.w}), nil
	}
	c.runHeads()
	body, err := c.x.Open(length)
	if err != nil {
		return nil, err
	}
	return through.over(&countedBody{body, c}), nil
}

func (v *relay) close(c *Ctx) error {
	if err := c.closeFilters(v); err != nil {
		return err
	}
	if v == nil {
		return c.x.EndStream()
	}
	v.ended = true
	return nil
}

// sent tells whether it is too late for another response.
func (c *Ctx) sent() bool {
	return c.x.Streamed() || c.x.Hijacked() || c.via != nil && c.via.opened
}

// head moves the staged head to the middleware.
func (v *relay) head(c *Ctx, length int64) {
	header := v.w.Header()
	for _, f := range c.x.Fields {
		header.Add(f.Name, f.Value)
	}
	c.x.Fields = c.x.Fields[:0]
	if c.x.ContentType != "" {
		header.Set("Content-Type", c.x.ContentType)
	}
	if length >= 0 {
		header.Set("Content-Length", strconv.FormatInt(length, 10))
	}
	v.w.WriteHeader(c.x.Status)
}

// relayBody is a streamed body that goes through net/http middleware.
type relayBody struct{ w http.ResponseWriter }

// Write implements [exchange.BodyWriter].
func (b relayBody) Write(p []byte) (int, error) { return b.w.Write(p) }

// Flush implements [exchange.BodyWriter].
func (b relayBody) Flush() error { return http.NewResponseController(b.w).Flush() }
