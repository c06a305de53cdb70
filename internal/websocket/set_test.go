package websocket

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/reactor"
)

// connected returns the server's and the client's end of a connection. ended is called
// when it has ended.
func connected(t *testing.T, ended func(*Conn)) (*Conn, net.Conn) {
	t.Helper()
	g, err := reactor.Start(reactor.Config{Cores: 1})
	require.NoError(t, err)
	ours, theirs := net.Pipe()
	c := OpenNet(g.Reactor(0), ours, &Options{
		MaxMessage: 1 << 20, PingInterval: time.Minute, PongTimeout: time.Minute, WriteTimeout: time.Minute, CloseTimeout: time.Minute,
		Pools: new(Pools),
	}, false, nil)
	over := make(chan struct{})
	c.Start(nil, nil, func() {
		ended(c)
		close(over)
	})
	t.Cleanup(func() {
		require.NoError(t, theirs.Close())
		c.Abort()
		<-over
		require.NoError(t, g.Stop(context.Background()))
	})
	return c, theirs
}

// readFrame reads a control frame.
func readFrame(r io.Reader) (ws.Frame, error) {
	head, err := ws.ReadHeader(r)
	if err != nil {
		return ws.Frame{}, err
	}
	payload := make([]byte, min(head.Length, maxControl))
	_, err = io.ReadFull(r, payload)
	return ws.Frame{Header: head, Payload: payload}, err
}

// TestSet: all are closed with 1001, no more are let in, and what does not end in time is
// cut off and named.
func TestSet(t *testing.T) {
	var s Set
	a, peer := connected(t, s.Remove)
	b, _ := connected(t, s.Remove)
	require.True(t, s.Add(a, "GET /a", 2))
	require.True(t, s.Add(b, "GET /b", 2))
	refused, _ := connected(t, s.Remove)
	require.False(t, s.Add(refused, "GET /c", 2), "two are most")

	closed := make(chan ws.Frame, 1)
	go func() {
		frame, err := readFrame(peer)
		if err == nil {
			err = ws.WriteFrame(peer, ws.MaskFrame(frame))
		}
		_ = peer.Close() // as a client does that has seen both close frames
		if err == nil {
			closed <- frame
		}
		close(closed)
	}()
	s.CloseAll()
	require.False(t, s.Add(refused, "GET /c", 9), "the service shuts down")
	code, reason := ws.ParseCloseFrameData((<-closed).Payload)
	require.Equal(t, ws.StatusCode(CodeGoingAway), code)
	require.Equal(t, "the service shuts down", reason)

	require.Eventually(t, func() bool { return s.gate.Inside() == 1 }, 10*time.Second, time.Millisecond)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("no more time"))
	require.EqualError(t, s.Drain(ctx), "shutdown: 1 WebSockets were cut off: no more time: GET /b")
	require.NoError(t, s.Drain(t.Context()), "what was cut off has ended")
	s.Remove(refused)
	require.Zero(t, s.gate.Inside(), "one that was never in")
}

// TestDrainOfNone: there is nothing to wait for.
func TestDrainOfNone(t *testing.T) {
	var s Set
	s.CloseAll()
	require.NoError(t, s.Drain(t.Context()))
}

// TestContext: it ends with the connection, for whoever asks before or after.
func TestContext(t *testing.T) {
	c, _ := connected(t, func(*Conn) {})
	ctx := c.Context()
	require.NoError(t, ctx.Err())
	_, limited := ctx.Deadline()
	require.False(t, limited)
	require.Equal(t, c.reactor.Here(), ctx.Value(async.SiteKey()))
	require.Nil(t, ctx.Value("other"))
	cancelled := make(chan struct{})
	before := ctx.Done()
	require.True(t, async.OnCancel(ctx, &async.Watcher{Cancelled: func() { close(cancelled) }}))
	unwanted := &async.Watcher{Cancelled: func() { t.Error("it was stopped") }}
	require.True(t, async.OnCancel(ctx, unwanted))
	require.True(t, unwanted.Stop())
	c.Abort()
	<-before
	<-cancelled
	<-ctx.Done()
	require.Equal(t, context.Canceled, ctx.Err())
	require.False(t, async.OnCancel(ctx, &async.Watcher{Cancelled: func() { t.Error("it has ended") }}))
}

// TestResponse: what middleware has added is sent, but nothing that the handshake says.
func TestResponse(t *testing.T) {
	accepted := Accepted{Key: "key=", Subprotocol: "chat", Extensions: "permessage-deflate"}
	added := []exchange.Field{
		{Name: "X-Trace", Value: "7"},
		{Name: "sec-websocket-protocol", Value: "other"},
		{Name: "UPGRADE", Value: "h2c"},
		{Name: "Set-Cookie", Value: "a=b"},
	}
	require.Equal(t, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: key=\r\n"+
		"Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate\r\nX-Trace: 7\r\nSet-Cookie: a=b\r\n\r\n",
		string(accepted.Response(added)))
	plain := Accepted{Key: "key="}
	require.Equal(t, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: key=\r\n\r\n",
		string(plain.Response(nil)))
}
