package http2

import (
	"errors"
	"math"
	"net"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http2/frame"
)

// WebSockets over HTTP/2 (RFC 8441). A client that knows from our settings that it may sends
// CONNECT with a :protocol. The handler gets the request as the GET that it would be over
// HTTP/1.1, and takes the stream over as if it were the connection: what the client sends
// is read, and what is written sent, as Data frames, with the windows and turns of any
// body. END_STREAM stands for the end of a direction, RST_STREAM for a connection that breaks.

// errNoTunnel is why a request for a tunnel is not answered with a success that is none.
var errNoTunnel = errors.New("http2: the client asks for a WebSocket, and this is something else")

// quietBuffer is the largest buffer in bytes that a tunnel keeps when all that was in it is
// on its way: tunnels are idle for long, and there are many.
const quietBuffer = 4 << 10

// tunnel is a stream that was taken over. It implements [net.Conn].
//
// Owner: any (immutable); closed: reactor; reader and writer: their own.
type tunnel struct {
	s      *exchangeStream
	reader *bodyReader
	writer *bodyWriter
	remote net.Addr
	// closed: whoever took the stream over is done with it.
	closed bool
}

// newTunnelReader reads what a client sends on a stream that may be taken over: of any length,
// and without an end to its patience. WebSockets have pings for that. It holds as much as the
// window of a stream, firstWindow, and nothing of that of the connection: tunnels may stay unread
// for as long as they like, and other streams wait for that window.
func newTunnelReader(s *exchangeStream) *bodyReader {
	return &bodyReader{s: s, limit: math.MaxInt64, asked: true, endless: true, wake: make(chan struct{}, 1)}
}

// TakeDescriptor implements [exchange.DescriptorTaker] for streams that ask for it. The
// response begins with the fields that are staged, and 200 in place of 101 (RFC 8441 5).
func (s *exchangeStream) TakeDescriptor(x *exchange.Exchange) (exchange.Descriptor, error) {
	if !x.Tunnel {
		return exchange.Descriptor{}, exchange.ErrHijackUnsupported
	}
	server := s.c.core.server.cfg.ServerName
	if x.FieldValue("Server") != "" {
		server = ""
	}
	block := appendOpening(nil, time.Now(), 200, "", server)
	for _, f := range x.Fields() {
		block = appendField(block, f)
	}
	t := &tunnel{s: s, reader: s.reader, writer: newBodyWriter(s, block, -1, false), remote: net.TCPAddrFromAddrPort(x.Remote)}
	if !s.c.core.reactor.Post((*tunnelOpened)(t)) {
		return exchange.Descriptor{}, exchange.ErrHijackUnsupported
	}
	return exchange.Descriptor{Conn: t, Closed: func() {}}, nil // the connection counts, as long as it has the stream
}

// tunnelOpened is a tunnel whose client is to be told that it is open.
//
// Owner: reactor.
type tunnelOpened tunnel

// Run implements [async.Task].
func (o *tunnelOpened) Run() {
	t := (*tunnel)(o)
	if t.s.dead {
		t.writer.fail(t.s.cause)
		return
	}
	t.s.tunnel = t
	t.s.beginStreaming(t.writer)
	t.s.c.flushSoon()
}

// Read implements [net.Conn]: [io.EOF] stands for END_STREAM.
func (t *tunnel) Read(p []byte) (int, error) { return t.reader.Read(p) }

// Write implements [net.Conn]. It waits while the client takes too little, and fails when it
// takes next to nothing for WriteTimeout.
func (t *tunnel) Write(p []byte) (int, error) {
	w := t.writer
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.write(p)
	w.tell()
	return n, err
}

// CloseWrite ends what is sent, as that of a [net.TCPConn] does.
func (t *tunnel) CloseWrite() error { return t.writer.end(nil) }

// Close implements [net.Conn]. A client that was not told by CloseWrite that nothing follows
// gets a reset. It never waits.
func (t *tunnel) Close() error {
	t.s.c.core.reactor.Post((*tunnelClosed)(t)) // false: the reactor has ended, and everything with it
	return nil
}

// tunnelClosed is a tunnel that nobody uses any more.
//
// Owner: reactor.
type tunnelClosed tunnel

// Run implements [async.Task].
func (o *tunnelClosed) Run() {
	t := (*tunnel)(o)
	s, c := t.s, t.s.c
	t.closed = true
	t.reader.detach()
	switch {
	case c.streams[s.id] != s: // it has ended
	case t.writer.complete():
		s.mayClose()
	default:
		c.giveUp(s, exchange.ErrOver)
	}
	c.flushSoon()
}

// waitsForPeer tells whether a stream stays although all that it sends is on its way: whoever
// took it over waits until its client ends it, too.
func (s *exchangeStream) waitsForPeer() bool {
	return s.tunnel != nil && !s.tunnel.closed && !s.remoteEnded && s.after == frame.NoError
}

// LocalAddr implements [net.Conn]: the stream has no address of its own.
func (t *tunnel) LocalAddr() net.Addr { return &net.TCPAddr{} }

// RemoteAddr implements [net.Conn].
func (t *tunnel) RemoteAddr() net.Addr { return t.remote }

// SetDeadline implements [net.Conn]. It does nothing, and nor do its like: the reactor tells who is
// too slow to take what it gets.
func (t *tunnel) SetDeadline(time.Time) error { return nil }

// SetReadDeadline is as SetDeadline.
func (t *tunnel) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline is as SetDeadline.
func (t *tunnel) SetWriteDeadline(time.Time) error { return nil }

var (
	_ net.Conn                 = (*tunnel)(nil)
	_ exchange.DescriptorTaker = (*exchangeStream)(nil)
	_ async.Task               = (*tunnelOpened)(nil)
	_ async.Task               = (*tunnelClosed)(nil)
)
