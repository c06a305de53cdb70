package fasterapi

import (
	"errors"
	"io"
	"iter"
	"net/http"
	"reflect"
	"sync"

	"github.com/fasterapi/fasterapi/internal/codec"
	"github.com/fasterapi/fasterapi/internal/describe"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/reply"
)

// Stream is a response that is written while it is made. It has one source:
// Write, Reader or Chunks. It needs a route on goroutines, because writing
// waits for slow clients.
//
// A response without content (an answer to HEAD, of status 204, 205 or 304) is its
// head: the source is not started, and a Reader is closed. What the handler has opened
// for its source ends with c, or by [Ctx.OnEnd].
//
// A source that fails breaks the connection off, so that the client does not
// take half a body for a whole one. One that fails before its first byte is
// answered like any other error; HEAD, for which it is not started, is then answered
// with the 200 that GET was about to be. What must fail for both is to be found out
// by the handler, before it returns.
type Stream struct {
	ContentType string // default application/octet-stream
	// Length is the number of bytes that the source gives; 0: not known.
	Length int64
	// Write writes the body.
	Write func(w *StreamWriter) error
	// Reader gives the body. It is closed at the end if it is an [io.Closer].
	Reader io.Reader
	// Chunks gives the body in pieces; each is used before the next is asked
	// for.
	Chunks iter.Seq2[[]byte, error]
}

// StreamWriter writes the body of a [Stream]. Any goroutine may use it. It fails with
// [ErrRequestOver] once the function that it was given to has returned.
//
// Owner: mu.
type StreamWriter struct {
	mu   sync.Mutex
	body exchange.BodyWriter // nil: over
}

// streamWriter returns a writer to body that ends with the request.
func (c *Ctx) streamWriter(body exchange.BodyWriter) *StreamWriter {
	w := &StreamWriter{body: body}
	if !c.change(func(r *request) { r.given = append(r.given, w) }) {
		w.body = nil
	}
	return w
}

// Write implements [io.Writer]. It waits while the client does not read.
func (w *StreamWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.body == nil {
		return 0, ErrRequestOver
	}
	return w.body.Write(p)
}

// WriteString implements [io.StringWriter].
func (w *StreamWriter) WriteString(s string) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.body == nil {
		return 0, ErrRequestOver
	}
	return io.WriteString(w.body, s)
}

// Flush sends what was written so far.
func (w *StreamWriter) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.body == nil {
		return ErrRequestOver
	}
	return w.body.Flush()
}

// end takes the body away. It waits for a Write that is at work.
func (w *StreamWriter) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.body = nil
}

// MarshalJSON fails: a response is no part of JSON.
func (r Stream) MarshalJSON() ([]byte, error) { return notJSON(r) }

// output implements response.
func (Stream) output() (output, error) {
	return output{render: renders[Stream], waits: true, answers: []describe.Answer{{Status: http.StatusOK, ContentType: "*/*"}}}, nil
}

var errSources = errors.New("fasterapi: a Stream has one source: Write, Reader or Chunks")

func (s Stream) render(c *Ctx) (err error) {
	if closer, ok := s.Reader.(io.Closer); ok {
		defer func() { err = errors.Join(err, closer.Close()) }()
	}
	c.response().StageAs(http.StatusOK, s.ContentType, binaryType, nil)
	out := reply.NewBody(holder{c}, s.Length)
	defer out.Stop()
	switch {
	case !s.oneSource():
		err = errSources
	case !c.response().WantsContent():
	case s.Write != nil:
		err = s.write(c, out)
	case s.Reader != nil:
		_, err = c.app.drain.copies.Copy(out, s.Reader)
	default:
		err = each(s.Chunks, func(chunk []byte) error {
			_, err := out.Write(chunk)
			return err
		})
	}
	if err = reply.IgnoreUnsent(err); err != nil {
		return err
	}
	return out.Close()
}

func (s Stream) oneSource() bool {
	sources := 0
	for _, given := range [...]bool{s.Write != nil, s.Reader != nil, s.Chunks != nil} {
		if given {
			sources++
		}
	}
	return sources == 1
}

// write gives the body writer itself to the source, which flushes as it likes.
func (s Stream) write(c *Ctx, out *reply.Body) error {
	w := c.streamWriter(&firstByte{out: out})
	defer w.end() // before the filters below it end
	return s.Write(w)
}

// firstByte is a body that opens when something is written: a source that fails before is
// answered like any other failure.
//
// Owner: the StreamWriter.
type firstByte struct {
	out  *reply.Body
	body exchange.BodyWriter // nil until then
}

func (b *firstByte) open() (err error) {
	if b.body == nil {
		b.body, err = b.out.Open()
	}
	return err
}

// Write implements [exchange.BodyWriter].
func (b *firstByte) Write(p []byte) (int, error) {
	if err := b.open(); err != nil {
		return 0, err
	}
	return b.body.Write(p)
}

// Flush implements [exchange.BodyWriter].
func (b *firstByte) Flush() error {
	if err := b.open(); err != nil {
		return err
	}
	return b.body.Flush()
}

var errPanicHidden = errors.New("fasterapi: a panic behind a sequence was hidden by it")

// each calls f for the values of a sequence, up to the first error of either. The yield
// that it gives may be kept, and used by any goroutine: one call at a time, and once
// the sequence or the loop has ended it returns false. That of a range statement would
// panic then, on whatever goroutine, which ends the process.
func each[V any](values iter.Seq2[V, error], f func(V) error) error {
	var mu sync.Mutex
	over, failed := false, error(nil)
	defer func() {
		mu.Lock()
		defer mu.Unlock()
		over = true
	}()
	values(func(v V, err error) bool {
		mu.Lock()
		defer mu.Unlock()
		if over {
			return false
		}
		over = true // unless f returns
		if failed = err; err == nil {
			failed = errPanicHidden
			failed = f(v)
		}
		over = failed != nil
		return !over
	})
	mu.Lock()
	defer mu.Unlock()
	over = true
	return failed
}

const jsonLinesType = "application/jsonl"

// JSONLines is a response of any number of values, one JSON document in each
// line. It is an [iter.Seq2]: return a generator, or convert what a library
// gives you. It needs a route on goroutines.
//
//	func export(c *fasterapi.Ctx, in Export) (fasterapi.JSONLines[User], error) {
//		return func(yield func(User, error) bool) { … }, nil
//	}
//
// The client sees a value within 20 ms of its creation. A slow client holds
// the source back: yield waits. When the client leaves, yield returns false.
// A HEAD request is answered without calling the source; what the handler has opened
// for it ends with c, or by [Ctx.OnEnd].
// An error before the first value is answered like any other error (HEAD does not
// meet it, see [Stream]); a later one breaks the connection off.
type JSONLines[T any] func(yield func(T, error) bool)

// MarshalJSON fails: a response is no part of JSON.
func (r JSONLines[T]) MarshalJSON() ([]byte, error) { return notJSON(r) }

// output implements response.
func (JSONLines[T]) output() (output, error) {
	if err := refuseItem(reflect.TypeFor[T]()); err != nil {
		return output{}, err
	}
	encoder, err := codec.EncoderFor[T]()
	if err != nil {
		return output{}, err
	}
	answers := []describe.Answer{{Status: http.StatusOK, ContentType: jsonLinesType, Item: reflect.TypeFor[T]()}}
	return output{waits: true, answers: answers, render: func(c *Ctx, lines JSONLines[T]) error {
		c.stage(http.StatusOK, jsonLinesType, nil)
		out := reply.NewBody(holder{c}, 0)
		defer out.Stop()
		if lines != nil && c.response().WantsContent() {
			if err := reply.IgnoreUnsent(writeLines(c, encoder, out, lines)); err != nil {
				return err
			}
		}
		return out.Close()
	}}, nil
}

func writeLines[T any](c *Ctx, encoder *codec.Encoder, out *reply.Body, lines JSONLines[T]) error {
	line := c.spare()
	err := each(iter.Seq2[T, error](lines), func(value T) (err error) {
		if line, err = codec.Append(encoder, line[:0], &value); err == nil {
			line = append(line, '\n')
			_, err = out.Write(line)
		}
		return err
	})
	c.keepSpare(line)
	return err
}
