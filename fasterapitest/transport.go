package fasterapitest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"

	"github.com/fasterapi/fasterapi/problem"
)

// transport is an http.RoundTripper that calls a handler: the response streams,
// and connections can be taken over, like over a socket.
//
// Owner: any (immutable once made).
type transport struct{ handler http.Handler }

// errHandlerEnded is what reading a body returns when the handler broke off.
var errHandlerEnded = errors.New("fasterapitest: the response was broken off")

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(request.Context())
	served := request.Clone(ctx)
	served.RequestURI = request.URL.RequestURI()
	served.RemoteAddr = "192.0.2.1:1234" // of the block for examples (RFC 5737)
	if served.Host == "" {
		served.Host = request.URL.Host
	}
	if served.Body == nil {
		served.Body = http.NoBody
	}
	switch n := request.ContentLength; { // as a server sees it
	case n > 0:
		served.Header.Set("Content-Length", fmt.Sprint(n))
	case n == 0 && served.Body != http.NoBody: // not known
		served.ContentLength, served.TransferEncoding = -1, []string{"chunked"}
	}
	w := newWriter(cancel)
	go w.run(t.handler, served)
	select {
	case <-w.decided:
	case conn := <-w.taken:
		return upgraded(conn, request, cancel)
	case <-ctx.Done():
		cancel()
		_ = w.body.Close() // nobody reads what the handler writes yet; it never fails
		return nil, context.Cause(ctx)
	}
	if w.panicked != nil {
		cancel()
		return nil, w.panicked
	}
	return w.response(request), nil
}

// upgraded reads the head of what a handler writes to a connection that it has
// taken over.
func upgraded(conn net.Conn, request *http.Request, cancel context.CancelFunc) (*http.Response, error) {
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, request)
	if err != nil {
		cancel()
		return nil, errors.Join(err, conn.Close())
	}
	if response.StatusCode == http.StatusSwitchingProtocols {
		response.Body = &takenBody{Conn: conn, reader: reader, cancel: cancel}
	}
	return response, nil
}

// takenBody is the body of a 101 response: it can be written, too.
//
// Owner: the caller.
type takenBody struct {
	net.Conn
	reader *bufio.Reader
	cancel context.CancelFunc
}

func (b *takenBody) Read(p []byte) (int, error) { return b.reader.Read(p) }

func (b *takenBody) Close() error {
	b.cancel()
	return b.Conn.Close()
}

// writer is the http.ResponseWriter of one request.
//
// Owner: the goroutine of the handler; what the client reads after decided is closed does not change.
type writer struct {
	header http.Header
	cancel context.CancelFunc
	body   *io.PipeReader
	pipe   *io.PipeWriter

	once     sync.Once
	decided  chan struct{} // closed when status and sent are there
	status   int
	sent     http.Header
	panicked error
	taken    chan net.Conn
}

func newWriter(cancel context.CancelFunc) *writer {
	w := &writer{header: http.Header{}, cancel: cancel, decided: make(chan struct{}), taken: make(chan net.Conn, 1)}
	w.body, w.pipe = io.Pipe()
	return w
}

func (w *writer) run(handler http.Handler, request *http.Request) {
	returned := false
	defer func() {
		_ = request.Body.Close() // as a transport does
		if returned {
			w.WriteHeader(http.StatusOK)
			_ = w.pipe.Close() // never fails
			return
		}
		err := errHandlerEnded
		if v := recover(); v != nil && v != http.ErrAbortHandler {
			err = fmt.Errorf("fasterapitest: the handler panicked: %v", v)
		}
		w.once.Do(func() {
			w.panicked = err
			close(w.decided)
		})
		_ = w.pipe.CloseWithError(err)
	}()
	handler.ServeHTTP(w, request)
	returned = true
}

// response is what the client gets once the head is decided.
func (w *writer) response(request *http.Request) *http.Response {
	r := &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, problem.StatusText(w.status)), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.sent, ContentLength: -1, Request: request,
		Body: &streamedBody{PipeReader: w.body, cancel: w.cancel},
	}
	if request.Method == http.MethodHead {
		go func() { _, _ = io.Copy(io.Discard, w.body) }() // the handler may still write
		r.Body = http.NoBody
	}
	return r
}

// streamedBody ends the request when it is closed, as a closed connection does.
//
// Owner: the caller.
type streamedBody struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (b *streamedBody) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}

// Header implements [http.ResponseWriter].
func (w *writer) Header() http.Header { return w.header }

// WriteHeader implements [http.ResponseWriter].
func (w *writer) WriteHeader(status int) {
	if status < 200 && status != http.StatusSwitchingProtocols {
		return
	}
	w.once.Do(func() {
		w.status, w.sent = status, w.header.Clone()
		close(w.decided)
	})
}

// Write implements [io.Writer]. It waits until the client reads.
func (w *writer) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if len(p) == 0 {
		return 0, nil
	}
	return w.pipe.Write(p)
}

// FlushError is what [http.ResponseController] calls: nothing is held back.
func (w *writer) FlushError() error {
	w.WriteHeader(http.StatusOK)
	return nil
}

// Flush implements [http.Flusher].
func (w *writer) Flush() { w.WriteHeader(http.StatusOK) }

// Hijack implements [http.Hijacker] with a pipe.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	server, client := net.Pipe()
	w.once.Do(func() { w.taken <- client })
	return server, bufio.NewReadWriter(bufio.NewReader(server), bufio.NewWriter(server)), nil
}
