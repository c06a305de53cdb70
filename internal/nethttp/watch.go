package nethttp

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/internal/http1/wire"
)

// net/http writes some refusals itself, past its handler: of heads that it cannot read
// or that are too long, and of expectations. A connection of our own server is watched
// for them. What begins like a failure while no request is being served is such an
// answer, and that of the handler to a refused request is sent in its place. net/http
// has kept the head for itself, so that status, reason and peer are all that is known.

// lingerAtMost and lingerTimeout are how many bytes are read, and for how long, behind
// such an answer, so that the client gets it: as in internal/http1.
const (
	lingerAtMost  = 1 << 20
	lingerTimeout = 2 * time.Second
)

// watch is what a watched connection knows.
//
// Owner: the goroutine of the connection. serving, over, keepsPlace: any (atomic). leave: any.
type watch struct {
	handler *Handler
	conn    net.Conn // below
	// serving: the handler has been called since the connection was idle.
	serving atomic.Bool
	// over: it speaks HTTP/2, where each request has a stream.
	over atomic.Bool
	// keepsPlace: it counts as open after it was hijacked, until leave.
	keepsPlace atomic.Bool
	leave      func()
}

// watchedTCP is a watched connection. Whatever else net/http looks for is that of the
// connection below: ReadFrom sends files without a copy.
//
// Owner: any (as net.Conn).
type watchedTCP struct {
	*net.TCPConn
	watch *watch
}

// watchedTLS is a watched connection over TLS, which net/http knows by its methods.
//
// Owner: any (as net.Conn).
type watchedTLS struct {
	*tls.Conn
	watch *watch
}

// Write implements [net.Conn].
func (c *watchedTCP) Write(p []byte) (int, error) { return c.watch.write(p) }

// Write implements [net.Conn].
func (c *watchedTLS) Write(p []byte) (int, error) { return c.watch.write(p) }

func (c *watchedTCP) watched() *watch { return c.watch }
func (c *watchedTLS) watched() *watch { return c.watch }

// watchFor returns conn, watched for h if that is known how. leave makes room for another.
func watchFor(h *Handler, conn net.Conn, leave func()) net.Conn {
	w := &watch{handler: h, conn: conn, leave: leave}
	switch below := conn.(type) {
	case *net.TCPConn:
		return &watchedTCP{below, w}
	case *tls.Conn:
		return &watchedTLS{below, w}
	}
	return conn
}

// watchOf is the watch of conn, nil without.
func watchOf(conn net.Conn) *watch {
	if c, ok := conn.(interface{ watched() *watch }); ok {
		return c.watched()
	}
	return nil
}

// unwatched is the connection below a watched one.
func unwatched(conn net.Conn) net.Conn {
	if w := watchOf(conn); w != nil {
		return w.conn
	}
	return conn
}

// watchKey finds the watch in the context of a request.
type watchKey struct{}

// withWatch implements [http.Server.ConnContext].
func withWatch(ctx context.Context, conn net.Conn) context.Context {
	if w := watchOf(conn); w != nil {
		return context.WithValue(ctx, watchKey{}, w)
	}
	return ctx
}

// served notes that a handler has r. own: it came through the server that [Start] has
// made for h.
func (h *Handler) served(r *http.Request) (own bool) {
	w, watched := r.Context().Value(watchKey{}).(*watch)
	if watched {
		w.serving.Store(true)
		if r.ProtoMajor > 1 {
			w.over.Store(true)
		}
	}
	return watched && w.handler == h
}

func (w *watch) write(p []byte) (int, error) {
	if w.serving.Load() || w.over.Load() {
		return w.conn.Write(p)
	}
	why := ownRefusal(p)
	if why == nil {
		return w.conn.Write(p)
	}
	w.serving.Store(true) // once: the connection closes
	_ = w.conn.SetWriteDeadline(time.Now().Add(w.handler.options.WriteTimeout))
	if _, err := w.conn.Write(w.handler.refused(w.conn, why)); err != nil {
		return 0, err
	}
	w.linger()
	return len(p), nil
}

// linger reads on until the client has closed its side, too: a connection that is
// closed with input left is reset, and the answer may be lost (RFC 9112 9.6).
func (w *watch) linger() {
	if half, ok := w.conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		_ = w.conn.SetReadDeadline(time.Now().Add(lingerTimeout))
		_, _ = io.CopyN(io.Discard, w.conn, lingerAtMost)
	}
}

// ownRefusal is what net/http means by an answer of its own, nil if it is none.
func ownRefusal(p []byte) *wire.Error {
	const line = "HTTP/1.1 "
	if len(p) < len(line)+4 || string(p[:len(line)]) != line {
		return nil
	}
	status, err := strconv.Atoi(string(p[len(line) : len(line)+3]))
	if err != nil || status < 400 {
		return nil
	}
	switch status {
	case http.StatusExpectationFailed:
		return expectation
	case http.StatusRequestHeaderFieldsTooLarge:
		return headTooLong
	}
	first, _, _ := bytes.Cut(p[len(line)+3:], []byte("\r\n"))
	reason := "the request cannot be read"
	if _, said, ok := strings.Cut(string(first), ": "); ok { // "400 Bad Request: malformed Host header"
		reason = said
	} else if status == http.StatusNotImplemented {
		reason = "unsupported transfer encoding"
	}
	return &wire.Error{Status: status, Reason: reason}
}

// refused is the handler's answer to a request of which nothing is known.
func (h *Handler) refused(conn net.Conn, why *wire.Error) []byte {
	answer := &answerBuffer{header: http.Header{}}
	r := &http.Request{ProtoMajor: 1, ProtoMinor: 1, RemoteAddr: conn.RemoteAddr().String()}
	_, secure := conn.(*tls.Conn)
	s := h.sit(answer, r, secure)
	c := s.carrier
	defer h.stand(s)
	c.x.Head.Reset()
	c.x.Head.Minor = 1
	c.refuse(why)
	h.handler.Begin(c.x)
	h.running.add(c)
	h.serveApart(c)
	c.answer()
	h.release(c)
	return answer.bytes()
}

// answerBuffer keeps an answer.
//
// Owner: the goroutine of the connection.
type answerBuffer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements [http.ResponseWriter].
func (a *answerBuffer) Header() http.Header { return a.header }

// WriteHeader implements [http.ResponseWriter].
func (a *answerBuffer) WriteHeader(status int) { a.status = status }

// Write implements [http.ResponseWriter].
func (a *answerBuffer) Write(p []byte) (int, error) { return a.body.Write(p) }

// FlushError is what [http.ResponseController] calls.
func (a *answerBuffer) FlushError() error { return nil }

func (a *answerBuffer) bytes() []byte {
	var date wire.Date
	out := date.Append(wire.AppendStatus(nil, a.status, 1), time.Now())
	var fields bytes.Buffer
	_ = a.header.Write(&fields) // a buffer takes everything
	out = wire.AppendEnd(append(out, fields.Bytes()...))
	return append(out, a.body.Bytes()...)
}
