package http2

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http2/frame"
	"github.com/fasterapi/fasterapi/internal/test/sealed"
)

// waits is a route whose handler never comes to its end, but when it is cancelled.
func waits(path string) map[string]func(x exchangeOf) exchange.Outcome {
	return map[string]func(x exchangeOf) exchange.Outcome{path: func(exchangeOf) exchange.Outcome { return exchange.Later }}
}

// TestEndWithLastBytes: a client that closes right behind its request, so that one event tells
// of both, is noticed at once.
func TestEndWithLastBytes(t *testing.T) {
	s := &site{routes: waits("/wait")}
	l := newLab(t, Config{}, s)
	l.greet()
	l.request(1, "GET", "/wait")
	_, _ = l.peer.Write(l.out.Bytes())
	l.out.Reset()
	l.peer.CloseWrite()
	l.v.RunUntilIdle()
	require.True(t, l.closed)
	require.Equal(t, 1, s.released)
}

// TestResetOfTheLastStream: a draining connection ends when its client gives up what it waits for.
func TestResetOfTheLastStream(t *testing.T) {
	s := &site{routes: waits("/wait")}
	l := newLab(t, Config{}, s)
	l.greet()
	l.request(1, "GET", "/wait")
	l.turn()
	l.server.Drain()
	l.v.RunUntilIdle()
	require.Equal(t, []string{"GOAWAY 1 NO_ERROR "}, l.frames())
	l.raw(frame.ResetStream, 0, 1, word(uint32(frame.Cancel)))
	l.turn()
	require.True(t, l.peer.Ended(), "nothing more comes")
}

// weak is a connection with a TLS that HTTP/2 may not have.
//
// Owner: any (immutable).
type weak struct{}

func (weak) State() tls.ConnectionState { return tls.ConnectionState{Version: tls.VersionTLS11} }

// TestUnfit: the client hears why, and its connection ends although it says nothing.
func TestUnfit(t *testing.T) {
	l := newLab(t, Config{}, &site{})
	fd, peer := l.v.Net.Pair()
	l.v.Reactor.ConnOpened()
	l.server.Take(l.v.Reactor, exchange.Descriptor{FD: fd, TLS: weak{}, Closed: l.v.Reactor.ConnClosed}, netip.AddrPort{})
	l.v.RunUntilIdle()
	l.peer = &sealed.Peer{Peer: peer}
	lines := l.frames()
	require.NotEmpty(t, lines)
	require.Contains(t, lines[len(lines)-1], "INADEQUATE_SECURITY")
	require.True(t, peer.Ended())
}

// roomyLab is a lab whose network keeps more than a connection reads in its turn.
func roomyLab(t *testing.T, s *site) *lab {
	t.Helper()
	l := newLab(t, Config{}, s)
	l.v.Net.Buffer = 4 << 20
	fd, peer := l.v.Net.Pair()
	l.peer = &sealed.Peer{Peer: peer}
	l.v.Reactor.ConnOpened()
	l.server.Take(l.v.Reactor, exchange.Descriptor{FD: fd, Closed: l.v.Reactor.ConnClosed}, netip.AddrPort{})
	l.greet()
	return l
}

// TestResetBeforeServe: bytes that came for a stream which is reset before its handler begins
// do not stay counted on the connection.
func TestResetBeforeServe(t *testing.T) {
	l := roomyLab(t, &site{})
	for i := range uint32(8) {
		id := 2*i + 1
		l.head(id, false, "POST", "/stream")
		for range 5 {
			require.NoError(t, l.framer.WriteData(id, false, make([]byte, 16<<10)))
		}
		l.raw(frame.ResetStream, 0, id, word(uint32(frame.Cancel)))
		l.turn()
	}
	require.Equal(t, 8, l.site.released)
	c := l.core.conns.prev
	require.Equal(t, connWindow, c.room+c.received)
}

// TestReadsOnAfterCongestion: input that was not read while too much waited to be written is read
// when that is out, although no event tells of it.
func TestReadsOnAfterCongestion(t *testing.T) {
	s := &site{routes: map[string]func(x exchangeOf) exchange.Outcome{"/fields": func(x exchangeOf) exchange.Outcome {
		for i := range 60 {
			x.SetField(fmt.Sprint("X-Field-", i), strings.Repeat("v", 1000))
		}
		return text(x, 200, "ok")
	}}}
	l := roomyLab(t, s)
	for i := range uint32(10) {
		l.request(2*i+1, "GET", "/fields")
	}
	for id := uint32(21); id < 25; id += 2 {
		l.head(id, false, "POST", "/none")
		for range 15 {
			require.NoError(t, l.framer.WriteData(id, false, make([]byte, 16<<10)))
		}
	}
	l.raw(frame.Ping, 0, 0, "the last")
	l.turn()
	require.True(t, bytes.Contains(l.peer.Take(), []byte("the last")))
}

// TestStuckConnection: a client that leaves no room on the connection loses all that waits at once,
// not one response after the other.
func TestStuckConnection(t *testing.T) {
	s := &site{routes: map[string]func(x exchangeOf) exchange.Outcome{"/70000": bodies}}
	l := newLab(t, Config{Limits: exchange.Limits{WriteTimeout: time.Second}}, s)
	l.greet(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 20})
	for i := range uint32(20) {
		l.request(2*i+1, "GET", "/70000")
	}
	l.turn()
	l.frames()
	l.v.Advance(4 * time.Second)
	l.v.RunUntilIdle()
	require.Empty(t, l.core.conns.next.streams)
}

// TestFinishedTwice: an exchange that has finished is not cancelled, and finishing it once more does
// not end the next one that lies in its memory.
func TestFinishedTwice(t *testing.T) {
	var kept exchangeOf
	s := &site{routes: map[string]func(x exchangeOf) exchange.Outcome{
		"/": func(x exchangeOf) exchange.Outcome { kept = x; return exchange.Later },
	}}
	l := newLab(t, Config{}, s)
	l.greet()
	for _, id := range []uint32{1, 3} {
		l.request(id, "GET", "/")
		l.turn()
		l.v.Reactor.Post(async.TaskFunc(func() {
			text(kept, 200, "ok")
			kept.Finish()
			if id == 1 {
				kept.Finish()
			} else {
				l.core.conns.next.streams[id].cut(exchange.ErrClientGone)
			}
		}))
		l.v.RunUntilIdle()
	}
	require.Empty(t, s.cancelled)
	require.Equal(t, 2, s.released)
}

// failing is a site that answers for its panics.
//
// Owner: the test's goroutine.
type failing struct{ *site }

// Fail implements [exchange.Failer].
func (failing) Fail(x *exchange.Exchange, panicked any) { text(x, 503, fmt.Sprint(panicked)) }

// TestFail: the handler answers for a Serve that has panicked, on the reactor or on a goroutine.
func TestFail(t *testing.T) {
	s := &site{routes: map[string]func(x exchangeOf) exchange.Outcome{
		"/here": func(exchangeOf) exchange.Outcome { panic("ouch") },
		"/there": func(x exchangeOf) exchange.Outcome {
			if x.OnReactor() {
				return exchange.Move
			}
			panic("ouch")
		},
	}}
	l := newLab(t, Config{}, s)
	l.server.handler = failing{s}
	l.core.spawn = func(job async.Task) { job.Run() }
	l.greet()
	l.request(1, "GET", "/here")
	l.request(3, "GET", "/there")
	l.turn()
	require.Equal(t, []string{
		"HEADERS 1 :status=503 content-type=text/plain content-length=4", "DATA 1 ouch end",
		"HEADERS 3 :status=503 content-type=text/plain content-length=4", "DATA 3 ouch end",
	}, l.frames())
}

// TestManySettings: a frame that changes the windows of all streams many times over is work for nothing.
func TestManySettings(t *testing.T) {
	l := newLab(t, Config{}, &site{})
	l.greet()
	l.raw(frame.Settings, 0, 0, strings.Repeat("\x00\x04"+word(1000), 2000))
	l.turn()
	lines := l.frames()
	require.Contains(t, lines[len(lines)-1], "ENHANCE_YOUR_CALM")
}

// TestWaitsForItsTurn: a stream is not given up for what others send before it.
func TestWaitsForItsTurn(t *testing.T) {
	s := &site{routes: map[string]func(x exchangeOf) exchange.Outcome{"/500000": bodies}}
	l := newLab(t, Config{Limits: exchange.Limits{WriteTimeout: time.Second}}, s)
	l.greet(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 20})
	l.request(1, "GET", "/500000")
	l.turn()
	l.request(3, "GET", "/500000", "priority", "u=0")
	for range 12 {
		l.raw(frame.WindowUpdate, 0, 0, word(16<<10))
		l.turn()
		l.v.Advance(300 * time.Millisecond)
		l.v.RunUntilIdle()
		require.NotContains(t, strings.Join(l.frames(), "\n"), "RST_STREAM")
	}
	l.v.Advance(2 * time.Second)
	l.v.RunUntilIdle()
	require.Empty(t, l.core.conns.next.streams, "nobody makes room any more")
}

// TestLongValue: one field that is too long is refused as a head that is too long, and the connection
// goes on.
func TestLongValue(t *testing.T) {
	l := newLab(t, Config{Limits: exchange.Limits{MaxHead: 4000}}, &site{})
	l.greet()
	block := l.fields(":method", "GET", ":scheme", "https", ":authority", "test", ":path", "/", "x-long", strings.Repeat("\x7e", 4500))
	require.NoError(t, l.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block, EndStream: true, EndHeaders: true}))
	l.turn()
	require.Contains(t, l.frames()[0], ":status=431")
	l.request(3, "GET", "/")
	l.turn()
	require.Contains(t, l.frames()[0], ":status=200")
}

// TestTrailersOfRefusedBodies: a client may have sent the trailers of many bodies before it hears that
// they are not wanted.
func TestTrailersOfRefusedBodies(t *testing.T) {
	s := &site{admit: func(exchangeOf) exchange.Admission { return exchange.Admission{Limit: 1} }}
	l := newLab(t, Config{}, s)
	l.greet()
	for i := range uint32(200) {
		l.head(2*i+1, false, "POST", "/", "content-length", "10")
		l.turn()
	}
	l.frames()
	for i := range uint32(200) {
		l.raw(frame.Headers, frame.EndHeaders|frame.EndStream, 2*i+1, string(l.fields("x-sum", "1")))
	}
	l.turn()
	require.Empty(t, l.frames())
}

// TestBodyBehindTheLast: of a stream that a GOAWAY has counted out nothing is said any more.
func TestBodyBehindTheLast(t *testing.T) {
	s := &site{routes: waits("/wait")}
	l := newLab(t, Config{}, s)
	l.greet()
	l.request(1, "GET", "/wait")
	l.turn()
	l.server.Drain()
	l.v.RunUntilIdle()
	l.frames()
	l.head(3, false, "POST", "/")
	l.raw(frame.Data, frame.EndStream, 3, "hello")
	l.turn()
	require.Empty(t, l.frames())
}
