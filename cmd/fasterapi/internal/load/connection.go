package load

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"
)

// connection is one to the server, that is used again and again.
//
// Owner: its worker.
type connection struct {
	net.Conn
	reader *bufio.Reader
	used   bool
}

func dial(ctx context.Context, p *plan) (*connection, error) {
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	var conn net.Conn
	var err error
	if p.tls {
		d := tls.Dialer{Config: &tls.Config{ServerName: p.host, InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}}} //nolint:gosec // it is measured, not believed
		conn, err = d.DialContext(ctx, "tcp", p.address)
	} else {
		var d net.Dialer
		conn, err = d.DialContext(ctx, "tcp", p.address)
	}
	if err != nil {
		return nil, err
	}
	return &connection{Conn: conn, reader: bufio.NewReaderSize(conn, 16<<10)}, nil
}

func (c *connection) close() { _ = c.Conn.Close() }

// errStale is that of a kept connection which the server has closed before it read the request.
var errStale = errors.New("the server has closed an idle connection")

// exchange sends the request and reads the answer to its end. again tells whether the connection may be used again.
func (c *connection) exchange(p *plan) (status int, again bool, err error) {
	if err := c.SetDeadline(time.Now().Add(p.Timeout)); err != nil {
		return 0, false, err
	}
	if _, err := c.Write(p.request); err != nil {
		return 0, false, c.stale(err)
	}
	if _, err := c.reader.Peek(1); err != nil {
		return 0, false, c.stale(err)
	}
	c.used = true
	method := &headless
	if !p.skipBody {
		method = &bodied
	}
	response, err := http.ReadResponse(c.reader, method)
	if err != nil {
		return 0, false, err
	}
	_, err = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return response.StatusCode, !response.Close && err == nil, err
}

// ReadResponse wants to know whether a body follows; these are read only.
var (
	bodied   = http.Request{Method: "GET"}
	headless = http.Request{Method: "HEAD"}
)

// stale tells errors of a connection that was idle from those of a server that fails.
func (c *connection) stale(err error) error {
	if c.used && (errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)) {
		return errStale
	}
	return err
}

// worker sends one request after another over one connection.
//
// Owner: one goroutine.
type worker struct {
	plan     *plan
	recorder *recorder
	conn     *connection
}

// request sends the one that was due at that time, and records what became of it.
func (w *worker) request(ctx context.Context, due time.Time) {
	sent := time.Now()
	status, err := w.once(ctx)
	if errors.Is(err, errStale) && w.plan.safe {
		w.recorder.again()
		status, err = w.once(ctx) // over a new connection
	}
	if ctx.Err() != nil && err != nil {
		return // the run has ended
	}
	w.recorder.add(due, sent, time.Now(), status, err)
}

func (w *worker) once(ctx context.Context) (status int, err error) {
	if w.conn == nil {
		if w.conn, err = dial(ctx, w.plan); err != nil {
			return 0, err
		}
	}
	status, again, err := w.conn.exchange(w.plan)
	if !again {
		w.end()
	}
	return status, err
}

func (w *worker) end() {
	if w.conn != nil {
		w.conn.close()
		w.conn = nil
	}
}

// kindOf names a failure, so that those of one kind are counted together.
func kindOf(err error) string {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, errStale):
		return "connection closed"
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed"
	case strings.Contains(err.Error(), "malformed"):
		return "not HTTP"
	}
	return "other: " + err.Error()
}
