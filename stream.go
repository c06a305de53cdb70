package fasterapi

import (
	"errors"
	"io"
	"iter"
	"net/http"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// Stream is a response that is written while it is made. It has one source:
// Write, Reader or Chunks. It needs a route on goroutines, because writing
// waits for slow clients.
//
// A source that fails breaks the connection off, so that the client does not
// take half a body for a whole one. One that fails before its first byte is
// answered like any other error.
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

// StreamWriter writes the body of a [Stream].
type StreamWriter struct{ body exchange.BodyWriter }

// Write implements [io.Writer]. It waits while the client does not read.
func (w *StreamWriter) Write(p []byte) (int, error) { return w.body.Write(p) }

// WriteString implements [io.StringWriter].
func (w *StreamWriter) WriteString(s string) (int, error) { return io.WriteString(w.body, s) }

// Flush sends what was written so far.
func (w *StreamWriter) Flush() error { return w.body.Flush() }

func (Stream) blocks() {}

var errSources = errors.New("fasterapi: a Stream has one source: Write, Reader or Chunks")

func (s Stream) render(c *Ctx) (err error) {
	if closer, ok := s.Reader.(io.Closer); ok {
		defer func() { err = errors.Join(err, closer.Close()) }()
	}
	c.stage(http.StatusOK, typeOr(s.ContentType, binaryType), nil)
	out := newBodyStream(c, s.Length, flushSoon)
	defer out.stop()
	switch {
	case s.Write != nil && s.Reader == nil && s.Chunks == nil:
		err = s.write(c, out)
	case s.Reader != nil && s.Write == nil && s.Chunks == nil:
		_, err = c.app.ongoing.copy(out, s.Reader)
	case s.Chunks != nil && s.Write == nil && s.Reader == nil:
		err = out.writeAll(s.Chunks)
	default:
		err = errSources
	}
	if err != nil {
		return err
	}
	return out.close()
}

// write gives the body writer itself to the source, which flushes as it likes.
func (s Stream) write(c *Ctx, out *bodyStream) error {
	if err := out.open(); err != nil {
		return err
	}
	return s.Write(&StreamWriter{out.body})
}

// writeAll writes every chunk.
func (s *bodyStream) writeAll(chunks iter.Seq2[[]byte, error]) error {
	for chunk, err := range chunks {
		if err == nil {
			_, err = s.Write(chunk)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
