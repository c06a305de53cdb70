package nethttp

import (
	"maps"
	"net/http"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// interim is an interim response.
//
// Owner: any (immutable).
type interim struct {
	status int
	fields []exchange.Field
}

// Inform implements [exchange.Informer]. On the reactor it asks the goroutine of the
// request, which waits for its turn, to write. What is no server, such as
// httptest.ResponseRecorder, takes the first status for the answer: it is sent none.
func (c *carrier) Inform(x *exchange.Exchange, status int, fields []exchange.Field) error {
	if c.r.Context().Value(http.ServerContextKey) == nil {
		return nil
	}
	if !x.OnReactor() {
		c.inform(interim{status, fields})
		return nil
	}
	c.mu.Lock()
	first := len(c.hints) == 0
	c.hints = append(c.hints, interim{status, fields})
	c.mu.Unlock()
	if first { // else the goroutine has not taken those before
		c.turn <- false
	}
	return nil
}

// sendHints writes what the reactor wants sent.
func (c *carrier) sendHints() {
	c.mu.Lock()
	list := c.hints
	c.hints = nil
	c.mu.Unlock()
	for _, one := range list {
		c.inform(one)
	}
}

// inform writes one, without the fields that the header has for the response.
func (c *carrier) inform(one interim) {
	header := c.w.Header()
	kept := maps.Clone(header)
	clear(header)
	for _, f := range one.fields {
		header[http.CanonicalHeaderKey(f.Name)] = append(header[http.CanonicalHeaderKey(f.Name)], f.Value)
	}
	c.w.WriteHeader(one.status)
	clear(header)
	maps.Copy(header, kept)
}
