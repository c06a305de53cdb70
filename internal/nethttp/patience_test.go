package nethttp

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/reactor"
)

// careless answers with size bytes and does not look at the request body.
//
// Owner: any (immutable after New).
type careless struct {
	writer
	size int
}

func (careless) Admit(*exchange.Exchange) exchange.Admission {
	return exchange.Admission{Discard: true}
}

func (h careless) Serve(x *exchange.Exchange) exchange.Outcome {
	return respond(x, http.StatusOK, strings.Repeat("x", h.size))
}

// carelessSite starts a site of one core with a careless handler.
func carelessSite(t *testing.T, size int, o Options) (addr string) {
	group, err := reactor.Start(reactor.Config{Cores: 1, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	cfg := Config{Addr: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)}
	server, bound, err := Start(cfg, New(careless{size: size}, group, o))
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx))
		require.NoError(t, group.Stop(context.Background()))
	})
	return bound.String()
}

// TestALongAnswerDoesNotWaitForTheBody: net/http reads the rest of the request
// before it writes, which a silent client must not be able to prolong.
func TestALongAnswerDoesNotWaitForTheBody(t *testing.T) {
	addr := carelessSite(t, 100_000, Options{Limits: exchange.Limits{BodyTimeout: 50 * time.Millisecond}})
	got := talk(t, addr, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
	require.Contains(t, got, "200 OK")
	require.Contains(t, got, strings.Repeat("x", 100_000))
}

// TestAClientThatNeverReadsShortAnswers: net/http writes those after ServeHTTP.
func TestAClientThatNeverReadsShortAnswers(t *testing.T) {
	addr := carelessSite(t, 1000, Options{Limits: exchange.Limits{WriteTimeout: 50 * time.Millisecond}})
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	requests := strings.Repeat("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1000)
	for err == nil {
		_, err = io.WriteString(conn, requests)
	}
	require.False(t, errors.Is(err, os.ErrDeadlineExceeded), "the connection is kept: %v", err)
}

// deadlines is an http.ResponseWriter that can be hijacked and keeps the
// deadlines that were set last.
//
// Owner: the test's goroutine.
type deadlines struct {
	*httptest.ResponseRecorder
	conn        net.Conn
	read, write time.Time
}

func (d *deadlines) SetReadDeadline(at time.Time) error  { d.read = at; return nil }
func (d *deadlines) SetWriteDeadline(at time.Time) error { d.write = at; return nil }

func (d *deadlines) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return d.conn, bufio.NewReadWriter(bufio.NewReader(d.conn), bufio.NewWriter(d.conn)), nil
}

// TestAHijackedConnectionHasNoDeadlines: it is not the engine's any more.
func TestAHijackedConnectionHasNoDeadlines(t *testing.T) {
	group, err := reactor.Start(reactor.Config{Cores: 1, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer func() { require.NoError(t, group.Stop(context.Background())) }()
	s := &site{hijacks: make(chan error, 1)}
	own, peer := net.Pipe()
	go func() { _, _ = io.Copy(io.Discard, peer) }()
	w := &deadlines{ResponseRecorder: httptest.NewRecorder(), conn: own}
	New(s, group, Options{}).ServeHTTP(w, httptest.NewRequest("POST", "/hijack", strings.NewReader("body")))
	require.NoError(t, <-s.hijacks)
	require.True(t, w.read.IsZero())
	require.True(t, w.write.IsZero())
}
