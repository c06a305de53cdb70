package nethttp

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/test/logged"
)

// exhausted is a listener without descriptors for its connections. enough is
// closed when it was asked for the tenth time.
//
// Owner: the goroutine of the server.
type exhausted struct {
	net.Listener
	asked  int
	enough chan struct{}
}

func (l *exhausted) Accept() (net.Conn, error) {
	if l.asked++; l.asked == 10 {
		close(l.enough)
		return l.Listener.Accept()
	}
	return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
}

// TestAcceptErrorsAreSeen in an ordinary log, and not once for each try.
func TestAcceptErrorsAreSeen(t *testing.T) {
	log := &logged.Text{}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	cfg := Config{Logger: slog.New(slog.NewTextHandler(log, nil))}
	short := &exhausted{Listener: listener, enough: make(chan struct{})}
	s := newServer(cfg, http.NotFoundHandler(), short)
	go s.serve(cfg)
	<-short.enough
	require.NoError(t, s.Shutdown(context.Background()))
	require.Contains(t, log.String(), "level=ERROR")
	require.Contains(t, log.String(), "too many open files")
	require.Less(t, strings.Count(log.String(), "level=ERROR"), 9)
}

func TestWhatNetHTTPSaysHasALevel(t *testing.T) {
	for text, level := range map[string]string{
		"http: Accept error: accept tcp 127.0.0.1:80: accept4: too many open files; retrying in 5ms": "ERROR",
		"http: panic serving 127.0.0.1:1: boom\ngoroutine 7 [running]:":                              "ERROR",
		"http2: panic serving 127.0.0.1:1: boom\ngoroutine 7 [running]:":                             "ERROR",
		"http: superfluous response.WriteHeader call from main.f (main.go:1)":                        "WARN",
		"http: invalid Content-Length of \"x\"":                                                      "WARN",
		"http: TLS handshake error from 127.0.0.1:1: EOF":                                            "DEBUG",
		"http2: server: error reading preface from client 127.0.0.1:1: EOF":                          "DEBUG",
		"timeout waiting for SETTINGS frames from 127.0.0.1:1":                                       "DEBUG",
	} {
		log := &logged.Text{}
		newErrorLog(slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))).Print(text)
		require.Contains(t, log.String(), "level="+level, text)
	}
}

// TestShutdownDoesNotWaitForASilentConnection: it has asked for nothing.
func TestShutdownDoesNotWaitForASilentConnection(t *testing.T) {
	s, addr, err := Start(Config{Addr: "127.0.0.1:0", H2C: true, Logger: slog.New(slog.DiscardHandler)}, http.NotFoundHandler())
	require.NoError(t, err)
	silent, err := net.Dial("tcp", addr.String())
	require.NoError(t, err)
	defer silent.Close()
	// Connections are accepted in their order, so this one comes behind it.
	require.Contains(t, talk(t, addr.String(), "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), "404")
	began := time.Now()
	require.NoError(t, s.Shutdown(context.Background()))
	require.Less(t, time.Since(began), 3*time.Second, "net/http waits for 5 s")
	require.NoError(t, silent.SetReadDeadline(time.Now().Add(10*time.Second)))
	_, err = silent.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
}
