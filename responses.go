package fasterapi

import (
	"io"
	"net"
	"net/http"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
)

const (
	textType = "text/plain; charset=utf-8"
	htmlType = "text/html; charset=utf-8"
)

// Text is a plain-text response.
type Text string

// HTML is an HTML response. What it holds must be escaped already, as
// html/template does.
type HTML string

func (h HTML) render(c *Ctx) error {
	c.scratch = append(c.scratch[:0], h...)
	c.stage(http.StatusOK, htmlType, c.scratch)
	return nil
}

// Blob is a response of bytes with a content type of their own. Data must stay
// unchanged until the response is sent.
type Blob struct {
	ContentType string // default application/octet-stream
	Data        []byte
}

func (b Blob) render(c *Ctx) error {
	contentType := b.ContentType
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	if !wire.ValidHeader("Content-Type", contentType) {
		contentType = "application/octet-stream"
	}
	c.stage(http.StatusOK, contentType, b.Data)
	return nil
}

// Redirect sends the client elsewhere.
type Redirect struct {
	Location string
	Status   int // 301, 302, 303, 307 or 308; default 307, which keeps the method
}

func (r Redirect) render(c *Ctx) error {
	status := r.Status
	if status == 0 {
		status = http.StatusTemporaryRedirect
	}
	c.SetHeader("Location", r.Location)
	c.stage(status, "", nil)
	return nil
}

// Response is a JSON response with a status and header fields of its own.
type Response[T any] struct {
	Status int // default 200
	Header http.Header
	Body   T
}

// compileRender implements compiler.
func (Response[T]) compileRender() (func(*Ctx, Response[T]) error, error) {
	body, err := compileOutput[T]()
	if err != nil {
		return nil, err
	}
	return func(c *Ctx, r Response[T]) error {
		for name, values := range r.Header {
			for _, value := range values {
				c.AddHeader(name, value)
			}
		}
		if r.Status != 0 {
			c.status = r.Status
		}
		return body(c, r.Body)
	}, nil
}

// Stream is a response that is written while it is made. It needs a route on
// goroutines, because writing waits for slow clients.
type Stream struct {
	ContentType string // default application/octet-stream
	// Length is the number of bytes that Write will write; 0: not known.
	Length int64
	// Write writes the body. When it fails the connection is broken off, so
	// that the client does not take half a body for a whole one.
	Write func(w *StreamWriter) error
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

func (s Stream) render(c *Ctx) error {
	contentType := s.ContentType
	if contentType == "" || !wire.ValidHeader("Content-Type", contentType) {
		contentType = "application/octet-stream"
	}
	c.stage(http.StatusOK, contentType, nil)
	length := s.Length
	if length <= 0 {
		length = -1
	}
	body, err := c.x.Open(length)
	if err != nil {
		return err
	}
	if err := s.Write(&StreamWriter{body}); err != nil {
		return err
	}
	return c.x.EndStream()
}

// Hijack takes the connection over, for protocols of your own. The framework
// sends nothing more and forgets the connection; closing it is the caller's. It
// returns the bytes that the client has already sent after the request. It
// needs a route on goroutines and HTTP/1.
func (c *Ctx) Hijack() (net.Conn, []byte, error) { return c.x.Hijack() }
