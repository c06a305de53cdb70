package nethttp

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/test/onefield"
	"github.com/fasterapi/fasterapi/reactor"
)

// lookalike answers with a body whose pieces begin like refusals of net/http, and to
// refused requests with their reason.
//
// Owner: any (immutable after New).
type lookalike struct {
	writer
	hijacked chan net.Conn
}

const piece = "HTTP/1.1 400 Bad Request\r\n\r\n"

func (l lookalike) Serve(x *exchange.Exchange) exchange.Outcome {
	if x.Refusal != nil {
		x.SetField("X-Ours", "yes")
		return respond(x, x.Refusal.Status, x.Refusal.Reason)
	}
	if string(x.Head.Path) == "/hijack" {
		conn, _, err := x.Hijack()
		if err == nil {
			l.hijacked <- conn
		}
		return exchange.Answered
	}
	x.Respond(200, "text/plain", nil)
	body, err := x.Open(int64(10 * pieceHTTP1))
	for range 10 {
		if err == nil {
			_, err = io.WriteString(body, piece+strings.Repeat("x", pieceHTTP1-len(piece)))
		}
		if err == nil {
			err = body.Flush()
		}
	}
	if err == nil {
		_ = x.EndStream()
	}
	return exchange.Answered
}

func startLookalike(t *testing.T) (string, lookalike) {
	group, err := reactor.Start(reactor.Config{Cores: 1, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	h := lookalike{hijacked: make(chan net.Conn, 1)}
	server, addr, err := Start(Config{Addr: "127.0.0.1:0", H2C: true, Logger: slog.New(slog.DiscardHandler)}, New(h, group, Options{}))
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, server.Shutdown(context.Background()))
		require.NoError(t, group.Stop(context.Background()))
	})
	return addr.String(), h
}

// TestContentThatLooksLikeARefusal is sent as it is, over both versions of HTTP.
func TestContentThatLooksLikeARefusal(t *testing.T) {
	addr, _ := startLookalike(t)
	for _, h2 := range []bool{false, true} {
		protocols := new(http.Protocols)
		protocols.SetHTTP1(!h2)
		protocols.SetUnencryptedHTTP2(h2)
		transport := &http.Transport{Protocols: protocols}
		client := &http.Client{Transport: onefield.Transport(t, transport), Timeout: 20 * time.Second}
		for range 3 {
			answer, err := client.Get("http://" + addr + "/")
			require.NoError(t, err)
			got, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			require.NoError(t, answer.Body.Close())
			require.Len(t, got, 10*pieceHTTP1)
			require.Equal(t, 10, strings.Count(string(got), piece))
		}
		transport.CloseIdleConnections()
	}
}

// TestRefusedByNetHTTP: a client that goes on sending gets the answer of the handler.
func TestRefusedByNetHTTP(t *testing.T) {
	addr, _ := startLookalike(t)
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = io.WriteString(conn, "nonsense\r\n\r\n"+strings.Repeat("x", 200_000))
	require.NoError(t, err)
	answer, err := onefield.ReadResponse(t, bufio.NewReader(conn), nil)
	require.NoError(t, err)
	require.Equal(t, 400, answer.StatusCode)
	require.Equal(t, "yes", answer.Header.Get("X-Ours"))
	got, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, "the request cannot be read", string(got))
}

// TestHijackedConnectionIsNotWatched: its new owner has what the listener gave.
func TestHijackedConnectionIsNotWatched(t *testing.T) {
	addr, h := startLookalike(t)
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "GET /hijack HTTP/1.1\r\nHost: a\r\n\r\n")
	require.NoError(t, err)
	hijacked := <-h.hijacked
	_, watched := hijacked.(interface{ watched() *watch })
	require.False(t, watched)
	require.Implements(t, (*syscall.Conn)(nil), hijacked)
	require.NoError(t, hijacked.Close())
}
