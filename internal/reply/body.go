package reply

import (
	"errors"
	"io"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
)

// flushSoon is how long bytes of a stream may wait for more: short enough for
// a reader to see a slow source live, long enough to fill packets from a fast
// one.
const flushSoon = 20 * time.Millisecond

// Body is a streamed body that opens with its first byte and is flushed soon after the
// source pauses. A timer flushes, so a waiting stream needs no goroutine besides its
// source. Any goroutine may use it.
//
// Owner: mu.
type Body struct {
	h      Handle
	length int64

	mu     sync.Mutex
	body   exchange.BodyWriter // nil until open
	timer  *time.Timer
	unsent bool // the head, once it was decided, is of a response without content
	dirty  bool // something was written since the last flush
	closed bool
	err    error
}

// NewBody returns the body of the staged response, of length bytes, 0 for not known. From
// now on nobody takes the connection over.
func NewBody(h Holder, length int64) *Body {
	if length <= 0 {
		length = -1
	}
	b := &Body{h: Handle{h}, length: length}
	b.h.Use(func(r *Reply) { r.sourced = true })
	return b
}

// Open sends the head, if that is still to be done, and returns what writes the body
// at once. It fails with [http.ErrBodyNotAllowed] for a response without content.
func (b *Body) Open() (exchange.BodyWriter, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.open(); err != nil {
		return nil, err
	}
	if b.unsent {
		return nil, http.ErrBodyNotAllowed
	}
	return b.body, nil
}

// open sends the head. Under mu.
func (b *Body) open() error {
	if b.body == nil && b.err == nil {
		b.body, b.err = b.h.Way().Open(b.h, b.length)
		b.unsent = b.err == nil && !b.h.WantsContent()
	}
	return b.err
}

// Write implements [io.Writer]. It waits while the client does not read.
func (b *Body) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.open(); err != nil {
		return 0, err
	}
	if b.closed {
		return 0, io.ErrClosedPipe
	}
	if b.unsent {
		return 0, http.ErrBodyNotAllowed
	}
	n, err := b.body.Write(p)
	if b.err = IgnoreUnsent(err); err != nil || b.dirty {
		return n, err
	}
	b.dirty = true
	if b.timer == nil {
		b.timer = time.AfterFunc(flushSoon, b.flushLate)
	} else {
		b.timer.Reset(flushSoon)
	}
	return n, nil
}

// flushLate sends what has waited.
func (b *Body) flushLate() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || b.err != nil {
		return
	}
	b.dirty = false
	defer func() {
		if v := recover(); v != nil { // of a filter; the next Write fails with it
			b.err = panicError(v)
		}
	}()
	b.err = b.body.Flush()
}

// panicError is what recover returned, with the stack of the place that panicked first:
// an error may have been given to panic.
func panicError(v any) *async.PanicError {
	if err, ok := v.(error); ok {
		if inner, ok := errors.AsType[*async.PanicError](err); ok {
			return inner
		}
	}
	return &async.PanicError{Value: v, Stack: debug.Stack()}
}

// Send sends p at once: for a source that says itself when something is complete.
func (b *Body) Send(p []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.open(); err != nil {
		return err
	}
	if len(p) > 0 {
		if _, err := b.body.Write(p); err != nil {
			return err
		}
	}
	return b.body.Flush()
}

// Close completes the body, and sends the head if nothing was written.
func (b *Body) Close() error {
	b.mu.Lock()
	err := b.open()
	b.mu.Unlock()
	if err != nil {
		return err
	}
	b.Stop()
	return b.h.Way().Close(b.h)
}

// Stop makes sure that nothing is written by Write or the timer any more. Any number of
// times.
func (b *Body) Stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	if b.timer != nil {
		b.timer.Stop()
	}
}
