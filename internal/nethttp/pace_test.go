package nethttp

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/reactor"
)

// These tests run in the time of a bubble, over connections in memory, which
// take nothing that the other side does not read.

// pipes is a listener in memory.
//
// Owner: any (channels).
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { close(p.closed); return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

func (p pipes) dial(context.Context, string, string) (net.Conn, error) {
	own, peer := net.Pipe()
	p.conns <- peer
	return own, nil
}

// pacer answers on goroutines: with size bytes in one piece, staged or as a
// stream, or with the length of what it has read.
//
// Owner: any (immutable after New).
type pacer struct {
	writer
	size int
}

func (pacer) Admit(x *exchange.Exchange) exchange.Admission {
	return exchange.Admission{Limit: 1 << 30, MayStream: string(x.Head.Path) == "/stream"}
}

func (h pacer) Serve(x *exchange.Exchange) exchange.Outcome {
	if x.Refusal != nil {
		return respond(x, x.Refusal.Status, x.Refusal.Reason)
	}
	big := strings.Repeat("x", h.size)
	switch string(x.Head.Path) {
	case "/staged":
		return respond(x, 200, big)
	case "/open":
		x.Respond(200, "text/plain", nil)
		body, err := x.Open(int64(h.size))
		if err == nil {
			_, err = io.WriteString(body, big)
		}
		if err == nil {
			_ = x.EndStream()
		}
		return exchange.Answered
	}
	if x.BodyReader == nil {
		return respond(x, 200, string(x.Body))
	}
	got, err := io.ReadAll(x.BodyReader)
	switch {
	case errors.Is(err, exchange.ErrTimeout):
		return respond(x, http.StatusRequestTimeout, "too slow")
	case err != nil:
		return respond(x, http.StatusBadRequest, err.Error())
	}
	return respond(x, 200, string(got))
}

// bubble runs test over HTTP/1.1 and HTTP/2 against h.
func bubble(t *testing.T, h exchange.Handler, o Options, test func(t *testing.T, client *http.Client)) {
	group, err := reactor.Start(reactor.Config{Cores: 1, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer func() { require.NoError(t, group.Stop(context.Background())) }()
	for _, major := range []string{"HTTP/1.1", "HTTP/2"} {
		t.Run(major, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				listener := pipes{make(chan net.Conn), make(chan struct{})}
				protocols := new(http.Protocols)
				protocols.SetHTTP1(major == "HTTP/1.1")
				protocols.SetUnencryptedHTTP2(major == "HTTP/2")
				server := &http.Server{Handler: New(h, group, o), Protocols: protocols}
				served := make(chan error)
				go func() { served <- server.Serve(listener) }()
				transport := &http.Transport{DialContext: listener.dial, Protocols: protocols, HTTP2: &http.HTTP2Config{
					MaxReceiveBufferPerStream: 64 << 10, MaxReceiveBufferPerConnection: 64 << 10,
				}}
				test(t, &http.Client{Transport: transport})
				transport.CloseIdleConnections()
				require.NoError(t, server.Close())
				require.ErrorIs(t, <-served, http.ErrServerClosed)
				time.Sleep(time.Minute) // for what still waits on either side
			})
		})
	}
}

// TestASteadyReaderGetsItAll: WriteTimeout is for progress, not for the whole.
func TestASteadyReaderGetsItAll(t *testing.T) {
	const size = 4 << 20
	broken := func(_ *exchange.Exchange, err error) { t.Errorf("broken off: %v", err) }
	bubble(t, pacer{size: size}, Options{Limits: exchange.Limits{WriteTimeout: 3 * time.Second}, BrokenOff: broken}, func(t *testing.T, client *http.Client) {
		for _, path := range []string{"/staged", "/open"} {
			answer, err := client.Get("http://a" + path)
			require.NoError(t, err)
			began, got, buffer := time.Now(), 0, make([]byte, 16<<10)
			for err == nil { // 160 KiB a second: 26 s
				var n int
				n, err = io.ReadFull(answer.Body, buffer)
				got += n
				time.Sleep(100 * time.Millisecond)
			}
			require.ErrorIs(t, err, io.EOF)
			require.Equal(t, size, got, path)
			require.Greater(t, time.Since(began), 20*time.Second)
			require.NoError(t, answer.Body.Close())
		}
	})
}

// TestAReaderThatStopsIsCutOff: and somebody is told.
func TestAReaderThatStopsIsCutOff(t *testing.T) {
	broken := make(chan error, 1)
	o := Options{Limits: exchange.Limits{WriteTimeout: 3 * time.Second}, BrokenOff: func(_ *exchange.Exchange, err error) { broken <- err }}
	bubble(t, pacer{size: 4 << 20}, o, func(t *testing.T, client *http.Client) {
		broken = make(chan error, 1) // of this bubble
		answer, err := client.Get("http://a/staged")
		require.NoError(t, err)
		began := time.Now()
		_, err = io.CopyN(io.Discard, answer.Body, 1<<20)
		require.NoError(t, err)
		require.ErrorIs(t, <-broken, exchange.ErrTimeout)
		require.InDelta(t, 3, time.Since(began).Seconds(), 1)
		_, err = io.Copy(io.Discard, answer.Body)
		require.Error(t, err, "the client must not take it for the whole")
		require.NoError(t, answer.Body.Close())
	})
}

// drip is a request body that gives a few bytes after each pause.
//
// Owner: the client's goroutine.
type drip struct {
	bytes, left int
	pause       time.Duration
}

func (d *drip) Read(p []byte) (int, error) {
	if d.left == 0 {
		return 0, io.EOF
	}
	time.Sleep(d.pause)
	n := min(d.bytes, d.left, len(p))
	d.left -= n
	return copy(p, strings.Repeat("x", n)), nil
}

// TestABodyKeepsUpARate as on the other engine (TestBodyTimeoutNeedsProgress):
// 1000 bytes a second are fast enough, a byte a second is not.
func TestABodyKeepsUpARate(t *testing.T) {
	bubble(t, pacer{}, Options{Limits: exchange.Limits{BodyTimeout: 20 * time.Second, StreamAbove: 1000}}, func(t *testing.T, client *http.Client) {
		for _, path := range []string{"/collect", "/stream"} {
			for _, length := range []int64{-1, 60_000} {
				send := func(body *drip) (int, time.Duration) {
					r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://a"+path, body)
					require.NoError(t, err)
					r.ContentLength = length
					began := time.Now()
					answer, err := client.Do(r)
					require.NoError(t, err)
					_, err = io.Copy(io.Discard, answer.Body)
					require.NoError(t, err)
					require.NoError(t, answer.Body.Close())
					return answer.StatusCode, time.Since(began)
				}
				status, took := send(&drip{1000, 60_000, time.Second})
				require.Equal(t, http.StatusOK, status, "%s %d", path, length)
				require.InDelta(t, 60, took.Seconds(), 2)
				status, took = send(&drip{1, 60_000, time.Second})
				require.Equal(t, http.StatusRequestTimeout, status, "%s %d", path, length)
				require.InDelta(t, 20, took.Seconds(), 3, "%s %d", path, length)
			}
		}
	})
}

// TestSmallChunksCountWhole: framing has moved, too, as on the other engine.
func TestSmallChunksCountWhole(t *testing.T) {
	bubble(t, pacer{}, Options{Limits: exchange.Limits{BodyTimeout: 2 * time.Second, StreamAbove: 1000}}, func(t *testing.T, client *http.Client) {
		answer, err := client.Post("http://a/collect", "text/plain", &drip{1, 1000, 20 * time.Millisecond}) // 300 bytes a second
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, answer.StatusCode)
		require.NoError(t, answer.Body.Close())
	})
}
