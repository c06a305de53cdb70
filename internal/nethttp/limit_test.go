package nethttp

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/test/onefield"
	"github.com/fasterapi/fasterapi/reactor"
)

// limitedTo starts a site with the given limits.
func limitedTo(t *testing.T, cfg Config, o Options) (addr string) {
	group, err := reactor.Start(reactor.Config{Cores: 1, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	cfg.Addr, cfg.Logger = "127.0.0.1:0", slog.New(slog.DiscardHandler)
	server, bound, err := Start(cfg, New(&site{cancelled: make(chan error, 10)}, group, o))
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, server.Shutdown(context.Background()))
		require.NoError(t, group.Stop(context.Background()))
	})
	return bound.String()
}

// talk sends text on a connection of its own and returns all that comes back.
func talk(t *testing.T, addr, text string) string {
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = io.WriteString(conn, text)
	require.NoError(t, err)
	got, err := io.ReadAll(conn)
	require.NoError(t, err)
	return string(got)
}

func TestOneConnectionMoreWaits(t *testing.T) {
	addr := limitedTo(t, Config{Limits: exchange.Limits{MaxConns: 1}, H2C: true}, Options{})
	first, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	_, err = io.WriteString(first, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	require.NoError(t, err)
	_, err = first.Read(make([]byte, 1))
	require.NoError(t, err, "the first one is served")
	answered := make(chan string, 1)
	go func() { answered <- talk(t, addr, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") }()
	select {
	case got := <-answered:
		require.Fail(t, "two connections at a time", got)
	case <-time.After(50 * time.Millisecond):
	}
	require.NoError(t, first.Close())
	require.Contains(t, <-answered, "200 OK")
	for range 3 { // each way to end gives its place back
		require.Contains(t, talk(t, addr, "nonsense of 24 bytes and more\r\n\r\n"), "400")
		require.Contains(t, talk(t, addr, "GET / HTTP/1.0\r\n\r\n"), "200 OK")
	}
}

func TestShutdownEndsTheWaitForAPlace(t *testing.T) {
	addr := limitedTo(t, Config{Limits: exchange.Limits{MaxConns: 1}}, Options{})
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	require.NoError(t, conn.Close()) // and the cleanup shuts down, whatever Accept does
}

func TestTooManyHeaderFields(t *testing.T) {
	addr := limitedTo(t, Config{}, Options{Limits: exchange.Limits{MaxHeaders: 5}})
	const rest = "Host: a\r\nConnection: close\r\n"
	require.Contains(t, talk(t, addr, "GET / HTTP/1.1\r\n"+rest+strings.Repeat("A: b\r\n", 3)+"\r\n"), "200 OK")
	require.Contains(t, talk(t, addr, "GET / HTTP/1.1\r\n"+rest+strings.Repeat("A: b\r\n", 4)+"\r\n"), "431 ")
}

func TestASlowBodyIsGivenUp(t *testing.T) {
	addr := limitedTo(t, Config{}, Options{Limits: exchange.Limits{BodyTimeout: 50 * time.Millisecond}})
	got := talk(t, addr, "POST /worker HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
	require.Contains(t, got, "408 ")
	// The same for one that no handler reads.
	got = talk(t, addr, "POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
	require.Contains(t, got, "404 ")
}

func TestAClientThatDoesNotReadIsGivenUp(t *testing.T) {
	group, err := reactor.Start(reactor.Config{Cores: 1, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer func() { require.NoError(t, group.Stop(context.Background())) }()
	failed := make(chan error, 1)
	s := httptest.NewServer(New(writer{failed}, group, Options{Limits: exchange.Limits{WriteTimeout: 50 * time.Millisecond}}))
	defer s.Close()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	require.NoError(t, err)
	select {
	case err := <-failed:
		require.Error(t, err)
	case <-time.After(10 * time.Second):
		require.Fail(t, "the handler still writes")
	}
}

// writer streams without end and tells how that ended.
//
// Owner: any (immutable after New).
type writer struct{ failed chan error }

func (w writer) Begin(*exchange.Exchange)                    {}
func (w writer) Admit(*exchange.Exchange) exchange.Admission { return exchange.Admission{} }
func (w writer) Cancel(*exchange.Exchange, error)            {}
func (w writer) Release(*exchange.Exchange)                  {}

func (w writer) Serve(x *exchange.Exchange) exchange.Outcome {
	x.Respond(http.StatusOK, "text/plain", nil)
	body, err := x.Open(-1)
	for err == nil {
		_, err = body.Write(make([]byte, 64<<10))
	}
	w.failed <- err
	return exchange.Answered
}

func TestServerName(t *testing.T) {
	addr := limitedTo(t, Config{}, Options{Limits: exchange.Limits{ServerName: "shop/2"}})
	answer, err := (&http.Client{Transport: onefield.Transport(t, nil)}).Get("http://" + addr + "/worker")
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, "shop/2", answer.Header.Get("Server"))
}
