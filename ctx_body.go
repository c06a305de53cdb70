package fasterapi

import (
	"io"
	"sync"
	"sync/atomic"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// ErrRequestOver is what readers and writers of a request fail with that was kept
// beyond its end: bodies, stream writers, the [http.Request] and
// [http.ResponseWriter] of mounted handlers, and the methods of [Ctx] that return
// errors. It is an [io.ErrClosedPipe].
var ErrRequestOver = exchange.ErrOver

// bodyReader reads a collected body, as long as the request lasts: its bytes lie
// in a buffer of the connection.
//
// Owner: mu.
type bodyReader struct {
	mu   sync.Mutex
	rest []byte
	over bool
}

// Read implements [io.Reader].
func (b *bodyReader) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.over:
		return 0, ErrRequestOver
	case len(b.rest) == 0:
		return 0, io.EOF
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// end takes the bytes away.
func (b *bodyReader) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rest, b.over = nil, true
}

// overBody is the body of a request that is over.
type overBody struct{}

func (overBody) Read([]byte) (int, error) { return 0, ErrRequestOver }

// body returns a reader of the request body.
func (r *request) body() io.Reader {
	if r.x.BodyReader != nil {
		b := &bodyStreamReader{from: r.x.BodyReader}
		r.given = append(r.given, b)
		return b
	}
	b := &bodyReader{rest: r.x.Body}
	r.given = append(r.given, b)
	return b
}

// bodyStreamReader reads a body that comes while it is read. The reader below it
// ends with the request by itself, which a Read that waits there must see at once;
// this one says so in the same words on every engine.
//
// Owner: any (atomic).
type bodyStreamReader struct {
	from io.Reader
	over atomic.Bool
}

// Read implements [io.Reader].
func (b *bodyStreamReader) Read(p []byte) (int, error) {
	if b.over.Load() {
		return 0, ErrRequestOver
	}
	return b.from.Read(p)
}

func (b *bodyStreamReader) end() { b.over.Store(true) }

// stream is what reads a body that was not collected, nil when it was.
func (c *Ctx) stream() io.Reader {
	return read(c, func(r *request) io.Reader { return r.x.BodyReader })
}

// limitBody is [Ctx.LimitBody].
func (r *request) limitBody(limit int64) error {
	if r.x.Head.ContentLength > limit || int64(len(r.x.Body)) > limit {
		return exchange.ErrBodyTooLarge
	}
	if r.x.BodyReader != nil {
		r.x.BodyReader = &limitedBody{from: r.x.BodyReader, left: limit}
	}
	return nil
}

// limitedBody fails behind its limit.
//
// Owner: mu.
type limitedBody struct {
	mu   sync.Mutex // held while from reads: one Read at a time
	from io.Reader
	left int64 // negative: there was more
}

func (b *limitedBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left < 0 {
		return 0, exchange.ErrBodyTooLarge
	}
	if int64(len(p)) > b.left+1 { // one more, to see whether there is more
		p = p[:b.left+1]
	}
	n, err := b.from.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n - 1, exchange.ErrBodyTooLarge
	}
	return n, err
}
