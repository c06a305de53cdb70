package bridge

import (
	"io"
	"net/http"
	"sync"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/field"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
	"github.com/fasterapi/fasterapi/internal/reply"
)

// announced are the names that the Trailer fields give, without values yet.
func announced(x *exchange.Exchange) http.Header {
	trailer := http.Header{}
	for value := range x.Head.Values("Trailer") {
		for list, more := string(value), true; more; {
			var name string
			name, list, more = field.NextToken(list)
			if name = http.CanonicalHeaderKey(name); name != "" && wire.KeepsTrailer(name) {
				trailer[name] = nil
			}
		}
	}
	return trailer
}

// fillTrailer adds what came behind the body of x.
func fillTrailer(trailer http.Header, x *exchange.Exchange) {
	for _, f := range x.Trailers() {
		name := http.CanonicalHeaderKey(string(f.Name))
		trailer[name] = append(trailer[name], string(f.Value))
	}
}

// trailedBody is a request body that fills in the trailer fields at its end. A
// goroutine that the handler has left behind may still read it.
//
// Owner: mu.
type trailedBody struct {
	io.ReadCloser
	h reply.Handle

	mu      sync.Mutex
	trailer http.Header // nil once it is filled
}

// Read implements [io.Reader].
func (b *trailedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.trailer != nil {
			b.h.Use(func(r *reply.Reply) { fillTrailer(b.trailer, r.Exchange()) })
			b.trailer = nil
		}
	}
	return n, err
}
