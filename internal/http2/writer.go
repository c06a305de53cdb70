package http2

import (
	"errors"
	"sync"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http2/frame"
)

// streamBuffer is how many bytes of a streamed body gather before the reactor sends them,
// streamBound how many may wait before their writer does.
const (
	streamBuffer = 8 << 10
	streamBound  = 64 << 10
)

var errLength = errors.New("http2: the body does not have the declared length")

// bodyWriter carries a streamed body from a goroutine to the reactor, which sends it as the
// client has room. A write waits while streamBound bytes do.
//
// Owner: mu.
type bodyWriter struct {
	mu      sync.Mutex
	s       *exchangeStream
	block   []byte // the head, until the reactor has it
	pending []byte
	// left is what is missing of a declared length; -1: no length was declared.
	left   int64
	silent bool // HEAD, 204, 304: nothing is sent
	ended  bool // all of it is pending, or was taken
	// trailing is what comes behind it, encoded; nil: nothing does.
	trailing []byte
	told     bool // the reactor is going to look
	err      error
	waits    bool
	wake     chan struct{} // has room for one
}

func newBodyWriter(s *exchangeStream, block []byte, length int64, silent bool) *bodyWriter {
	return &bodyWriter{s: s, block: block, left: length, silent: silent, wake: make(chan struct{}, 1)}
}

// Write implements [io.Writer]. It fails with [exchange.ErrTimeout] when the client takes
// nothing, or next to nothing, for WriteTimeout.
func (w *bodyWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return 0, w.err
	}
	if w.left >= 0 {
		if int64(len(p)) > w.left {
			w.err = errLength
			return 0, w.err
		}
		w.left -= int64(len(p))
	}
	if w.silent {
		w.tell()
		return len(p), nil
	}
	w.s.x.Sent.Add(int64(len(p)))
	return w.write(p)
}

func (w *bodyWriter) write(p []byte) (n int, err error) {
	for n < len(p) {
		for len(w.pending) >= streamBound && w.err == nil {
			w.tell()
			w.wait()
		}
		if w.err != nil {
			return n, w.err
		}
		piece := p[n:min(len(p), n+streamBound-len(w.pending))]
		w.pending = append(w.pending, piece...)
		n += len(piece)
	}
	if len(w.pending) >= streamBuffer {
		w.tell()
	}
	return n, nil
}

// Flush sends what was written so far.
func (w *bodyWriter) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.tell()
	}
	return w.err
}

// end completes the body, with what comes behind it.
func (w *bodyWriter) end(trailing []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	if w.left > 0 && !w.silent {
		w.err = errLength
		return w.err
	}
	w.trailing = trailing
	w.ended, w.err = true, exchange.ErrResponseSent
	w.tell()
	return nil
}

// complete tells whether the body came to its end.
func (w *bodyWriter) complete() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ended
}

// tell lets the reactor look for what is to be sent.
func (w *bodyWriter) tell() {
	if !w.told {
		w.told = true
		w.s.c.core.reactor.Post((*written)(w)) // false: the reactor has ended, and everything with it
	}
}

// wait blocks until the reactor has taken something, or has given the stream up: the reactor
// alone knows whether it is the client who does not take it, or others who go first.
func (w *bodyWriter) wait() {
	w.waits = true
	w.mu.Unlock()
	var gone error
	select {
	case <-w.wake:
	case <-w.s.c.core.reactor.Ended():
		gone = ErrServerClosed
	}
	w.mu.Lock()
	if w.waits = false; gone != nil && w.err == nil {
		w.err = gone
	}
	select {
	case <-w.wake: // it came at the last moment
	default:
	}
}

// signal wakes who waits. Under mu.
func (w *bodyWriter) signal() {
	if w.waits {
		w.waits = false
		w.wake <- struct{}{}
	}
}

// head is the encoded head, once. Reactor only.
func (w *bodyWriter) head() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	block := w.block
	w.block = nil
	return block
}

// take moves what is pending to the reactor, which gives back the memory of what it had last.
// last: nothing more comes.
func (w *bodyWriter) take(used []byte) (pending []byte, last bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.pending) > 0 {
		pending = w.pending
		w.pending = used[:0]
		w.signal()
	}
	return pending, w.ended
}

// more tells whether something is pending, or the end is. Reactor only.
func (w *bodyWriter) more() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.pending) > 0 || w.ended
}

// trailers is what comes behind the body, encoded, once it has ended. Reactor only.
func (w *bodyWriter) trailers() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.trailing
}

// drained tells whether the reactor has taken everything, the end too. Reactor only.
func (w *bodyWriter) drained() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.pending) == 0 && w.ended
}

// fail ends the body: nobody gets it. Reactor only.
func (w *bodyWriter) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
	w.pending = nil
	w.signal()
}

// detach makes w useless to a handler that has kept it. Reactor only.
func (w *bodyWriter) detach() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = exchange.ErrOver
	}
	w.signal()
}

// written is a writer that has written something.
//
// Owner: reactor.
type written bodyWriter

// Run implements [async.Task].
func (t *written) Run() {
	w := (*bodyWriter)(t)
	w.mu.Lock()
	w.told = false
	w.mu.Unlock()
	s := w.s
	if s.dead {
		w.fail(s.cause)
		return
	}
	s.beginStreaming(w)
	s.c.mayGoOn(s)
	s.c.flushSoon()
}

// beginStreaming sends the head of a streamed response, once.
func (s *exchangeStream) beginStreaming(w *bodyWriter) {
	if s.writer != nil {
		return
	}
	s.writer, s.response = w, headSent
	if !w.silent {
		s.c.sendBlock(s.id, 0, w.head())
		return
	}
	s.c.sendBlock(s.id, frame.EndStream, w.head())
	s.endedHere()
}

var _ async.Task = (*written)(nil)
