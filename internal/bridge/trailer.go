package bridge

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
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

// trailerNames are the names that the Trailer fields of a response give.
func trailerNames(values []string) (names []string) {
	for _, value := range values {
		for list, more := value, true; more; {
			var name string
			name, list, more = field.NextToken(list)
			if name = http.CanonicalHeaderKey(name); name != "" && wire.KeepsTrailer(name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// trail stages the fields behind the body: those that were announced, and those whose names
// begin with [http.TrailerPrefix].
func (w *Writer) trail() {
	values := http.Header{}
	for _, name := range w.announced {
		values[name] = w.header[name]
	}
	for key, list := range w.header {
		if name, ok := strings.CutPrefix(key, http.TrailerPrefix); ok {
			name = http.CanonicalHeaderKey(name)
			values[name] = append(values[name][:len(values[name]):len(values[name])], list...)
		}
	}
	if len(values) == 0 {
		return
	}
	var trailing []exchange.Field
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, value := range values[name] {
			if w.reply.Valid(name, value) {
				trailing = append(trailing, exchange.Field{Name: name, Value: value})
			}
		}
	}
	if len(trailing) > 0 {
		w.h.Set(field.TrailedKey{}, true)
	}
	w.reply.Use(func(r *reply.Reply) { r.Exchange().SetTrailing(trailing) })
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
