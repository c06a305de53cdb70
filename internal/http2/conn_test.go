package http2

import (
	"bytes"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http2/frame"
	"github.com/fasterapi/fasterapi/internal/stream"
	"github.com/fasterapi/fasterapi/internal/test/sealed"
	"github.com/fasterapi/fasterapi/reactor"
	"github.com/fasterapi/fasterapi/reactor/virtual"
)

// site is the handler of the tests: what it does is a function per path.
//
// Owner: the test's goroutine.
type site struct {
	routes    map[string]func(x *exchange.Exchange) exchange.Outcome
	admit     func(x *exchange.Exchange) exchange.Admission
	refused   []int
	cancelled []error
	begun     int
	released  int
}

// Begin implements [exchange.Handler].
func (s *site) Begin(*exchange.Exchange) { s.begun++ }

func (s *site) Admit(x *exchange.Exchange) exchange.Admission {
	if s.admit != nil {
		return s.admit(x)
	}
	return exchange.Admission{
		Limit: 1 << 20, MayStream: strings.HasPrefix(string(x.Head.Path), "/stream"), Discard: strings.HasPrefix(string(x.Head.Path), "/none"),
	}
}

func (s *site) Serve(x *exchange.Exchange) exchange.Outcome {
	if x.Refusal != nil {
		s.refused = append(s.refused, x.Refusal.Status)
		return text(x, x.Refusal.Status, x.Refusal.Reason)
	}
	if h := s.routes[string(x.Head.Path)]; h != nil {
		return h(x)
	}
	return text(x, 200, string(x.Head.Method)+" "+string(x.Head.Target)+" "+string(x.Head.Host)+" "+string(x.Body))
}

func (s *site) Cancel(_ *exchange.Exchange, cause error) { s.cancelled = append(s.cancelled, cause) }

func (s *site) Release(*exchange.Exchange) { s.released++ }

func text(x *exchange.Exchange, status int, body string) exchange.Outcome {
	x.Respond(status, "text/plain", []byte(body))
	return exchange.Answered
}

type exchangeOf = *exchange.Exchange

// routes is one route, whose answer is ok.
func routes(path string, h func(x exchangeOf)) map[string]func(x exchangeOf) exchange.Outcome {
	return map[string]func(x exchangeOf) exchange.Outcome{path: func(x exchangeOf) exchange.Outcome {
		h(x)
		return text(x, 200, "ok")
	}}
}

// lab is a server on a virtual reactor, and one client that writes frames by hand.
//
// Owner: the test's goroutine.
type lab struct {
	t      testing.TB
	v      *virtual.Loop
	server *Server
	core   *core
	site   *site
	peer   *sealed.Peer
	closed bool
	tls    uint16 // its version, 0: without

	out     bytes.Buffer // of the client
	framer  *http2.Framer
	block   bytes.Buffer
	encoder *hpack.Encoder
	in      bytes.Buffer // what the server has sent
	decoder *hpack.Decoder
}

func newLab(t testing.TB, cfg Config, s *site) *lab {
	t.Helper()
	return newSecureLab(t, cfg, s, 0)
}

// newSecureLab is a lab with that version of TLS.
func newSecureLab(t testing.TB, cfg Config, s *site, version uint16) *lab {
	t.Helper()
	v := virtual.New(1)
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	server, err := New(cfg, []*reactor.Reactor{v.Reactor}, s)
	require.NoError(t, err)
	l := &lab{t: t, v: v, server: server, core: server.cores[0], site: s, tls: version}
	l.connect()
	return l
}

// another is a second client of the same server.
func (l *lab) another() *lab {
	m := &lab{t: l.t, v: l.v, server: l.server, core: l.core, site: l.site, tls: l.tls}
	m.connect()
	return m
}

func (l *lab) connect() {
	fd, peer := l.v.Net.Pair()
	l.peer = &sealed.Peer{Peer: peer}
	var session exchange.Secured
	if l.tls != 0 {
		var socket stream.Socket
		socket.Open(l.v.Net, fd)
		l.peer.Secure(l.t, &socket, l.tls)
		session = socket.Detach()
	}
	l.v.Reactor.ConnOpened()
	l.server.Take(l.v.Reactor, exchange.Descriptor{FD: fd, TLS: session, Closed: func() { l.closed = true; l.v.Reactor.ConnClosed() }}, netip.AddrPort{})
	l.framer = http2.NewFramer(&l.out, nil)
	l.framer.AllowIllegalWrites = true
	l.encoder = hpack.NewEncoder(&l.block)
	l.decoder = hpack.NewDecoder(4096, nil)
}

// greet sends the preface and settings, and takes those of the server.
func (l *lab) greet(settings ...http2.Setting) {
	l.t.Helper()
	l.out.WriteString(frame.Preface)
	require.NoError(l.t, l.framer.WriteSettings(settings...))
	l.turn()
	got := l.frames()
	require.GreaterOrEqual(l.t, len(got), 3, "%v", got)
	require.Contains(l.t, got[0], "SETTINGS")
	require.Contains(l.t, got[len(got)-1], "SETTINGS ack")
}

// turn lets the server work on what the client has written.
func (l *lab) turn() {
	l.t.Helper()
	for l.out.Len() > 0 {
		n, _ := l.peer.Write(l.out.Bytes())
		require.Positive(l.t, n)
		l.out.Next(n)
		l.v.RunUntilIdle()
	}
	l.v.RunUntilIdle()
}

// fields encodes a field block.
func (l *lab) fields(pairs ...string) []byte {
	l.block.Reset()
	for i := 0; i < len(pairs); i += 2 {
		require.NoError(l.t, l.encoder.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]}))
	}
	return bytes.Clone(l.block.Bytes())
}

// request writes a whole request.
func (l *lab) request(id uint32, method, path string, more ...string) {
	l.head(id, true, method, path, more...)
}

// head writes the head of a request.
func (l *lab) head(id uint32, ends bool, method, path string, more ...string) {
	block := l.fields(append([]string{":method", method, ":scheme", "https", ":authority", "test", ":path", path}, more...)...)
	require.NoError(l.t, l.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block, EndStream: ends, EndHeaders: true}))
}
