package stream

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/fasterapi/fasterapi/internal/poll"
)

// maxRecord is how many bytes of a response one call encrypts: the most that a
// record of TLS holds (RFC 8446 5.1).
const maxRecord = 16 << 10

// recordsSize holds maxRecord bytes once they are encrypted. crypto/tls begins a
// connection with records of some 1.2 KB, so they may be 14, each with 22 to 86 bytes of
// its own.
const recordsSize = maxRecord + 4<<10

// recordsAtOnce is how many records one Fill decrypts: a peer may put a single byte into
// each.
const recordsAtOnce = 64

// mostUnsent is how many encrypted bytes may wait: those of one call, and as many that
// reading had to say. A peer that asks for more answers (key updates) and reads none is
// given up.
const mostUnsent = 2 * recordsSize

// records lends the buffers that encrypted bytes gather in.
var records = sync.Pool{New: func() any { return new([recordsSize]byte) }}

// Session is TLS between a socket and its peer: crypto/tls, over a connection that
// reads what the kernel has and keeps what the kernel does not take. So an idle
// session holds no buffer but that of crypto/tls, and never blocks, once
// [Socket.Handshake] is over.
//
// Owner: that of the socket, or the two who share it, one that reads and one that
// writes; out, sent, failed, flood: mu, because what reads may have to write (a key update, an
// alert).
type Session struct {
	conn   *tls.Conn
	poller poll.Poller
	fd     int
	remote netip.AddrPort
	// wait blocks until the kernel may be ready, during the handshake; nil: nothing
	// blocks.
	wait func(poll.Ready) error
	// below has the descriptor, once somebody has taken it; else nil.
	below net.Conn
	// drained: the last read was short, so that the kernel has no more bytes until its next
	// edge. empty: it has said so, which it does not where the peer has ended.
	drained, empty bool
	// over: nothing more is read, ever. stopped: the last Fill has left something for the
	// next one.
	over, stopped bool

	mu     sync.Mutex
	out    []byte // out[sent:] is encrypted and has still to be written; borrowed
	sent   int
	failed bool // a write has
	flood  bool // the peer makes us say more than it takes
}

// Handshake makes the socket speak TLS to its peer from now on. It blocks in wait, which
// returns when the descriptor may be ready for one of the events, or says why not to wait
// any longer. Callbacks of config see ctx. After an error the socket is as it was, but for what was read and written.
func (s *Socket) Handshake(ctx context.Context, config *tls.Config, remote netip.AddrPort, wait func(poll.Ready) error) error {
	t := &Session{poller: s.poller, fd: s.fd, remote: remote, wait: wait}
	t.conn = tls.Server((*transport)(t), config)
	if err := t.conn.HandshakeContext(ctx); err != nil {
		return err
	}
	t.wait = nil
	s.session = t
	return nil
}

// Session is the TLS of the socket, nil without.
func (s *Socket) Session() *Session { return s.session }

// Detach parts a socket from its TLS. Another one that is opened for its descriptor may go on
// with the session, see Resume; of this one nothing is encrypted any more, so it may only be
// dropped.
func (s *Socket) Detach() *Session {
	t := s.session
	s.session = nil
	return t
}

// Resume makes the socket go on with the session of its descriptor. What the peer has sent
// may have been read already, so that no edge tells of it.
func (s *Socket) Resume(t *Session) { s.session = t }

// State is what the handshake has found. Any goroutine.
func (t *Session) State() tls.ConnectionState { return t.conn.ConnectionState() }

// errNothingYet says that the kernel has no bytes. crypto/tls keeps errors of what it
// stands on, but for temporary ones.
//
// Owner: any (immutable once made).
type errNothingYet struct{}

func (errNothingYet) Error() string   { return "stream: no more bytes yet" }
func (errNothingYet) Timeout() bool   { return true }
func (errNothingYet) Temporary() bool { return true }

// fill is Fill for a socket with TLS: it decrypts until the kernel has no more, or b is
// full.
func (t *Session) fill(b []byte) ([]byte, Status) {
	t.drained, t.empty, t.stopped = false, false, false
	had := len(b)
	var err error
	for records := 0; len(b) < cap(b) && err == nil; records++ {
		if records == recordsAtOnce {
			t.stopped = true
			break
		}
		var n int
		n, err = t.conn.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err == error(errNothingYet{}) && len(b) == had && !t.empty {
			// Part of a record, and perhaps the end of the connection behind it, which the
			// same edge told of.
			t.drained, err = false, nil
		}
	}
	t.flush() // what reading had to say; if the kernel does not take it, the next flush writes it
	t.over = err != nil && err != error(errNothingYet{})
	switch {
	case t.flooded():
		return b[:had], Broken
	case len(b) > had:
		return b, Done
	case !t.over:
		return b, Again
	case err == io.EOF, err == io.ErrUnexpectedEOF:
		return b, Ended
	default:
		return b, Broken
	}
}

// flooded tells whether what reading had to say is more than the peer takes.
func (t *Session) flooded() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.flood
}

// seal encrypts p, which is at most maxRecord bytes, for the next flush.
func (t *Session) seal(p []byte) error {
	_, err := t.conn.Write(p)
	return err
}

// flush writes what is encrypted.
func (t *Session) flush() Status {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.sent < len(t.out) && !t.flood {
		n, errno := t.poller.Write(t.fd, t.out[t.sent:])
		switch {
		case n > 0:
			t.sent += n
		case errno == syscall.EINTR:
		case poll.Again(errno):
			return Again
		default:
			t.failed = true
			t.putBack()
			return Broken
		}
	}
	t.putBack()
	if t.failed || t.flood {
		return Broken
	}
	return Done
}

// putBack ends the lease of the buffer. Under mu.
func (t *Session) putBack() {
	if cap(t.out) == recordsSize {
		records.Put((*[recordsSize]byte)(t.out[:recordsSize]))
	}
	t.out, t.sent = nil, 0
}

// drop forgets what the kernel has not taken.
func (t *Session) drop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.putBack()
}

// pending is the number of encrypted bytes that wait to be written, kept the memory
// that they take.
func (t *Session) pending() (bytes, kept int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.out) - t.sent, cap(t.out)
}

// flushSealed is Flush for a socket with TLS.
func (s *Socket) flushSealed(pool *Buffers) Status {
	for {
		if status := s.session.flush(); status != Done {
			s.compact()
			return status
		}
		next := s.unsealed()
		if len(next) == 0 {
			s.dropPlain(pool)
			return Done
		}
		if s.session.seal(next) != nil {
			return Broken
		}
		s.took(len(next), pool)
	}
}

// unsealed is what is encrypted next.
func (s *Socket) unsealed() []byte {
	next := s.out[s.sent:]
	if h := s.held; h != nil {
		if next = h.before; len(next) == 0 {
			next = h.body
		}
	}
	return next[:min(len(next), maxRecord)]
}

// took notes that n bytes were encrypted.
func (s *Socket) took(n int, pool *Buffers) {
	if s.held == nil {
		s.sent += n
		return
	}
	if s.held.took(n, pool); s.held.pending() == 0 {
		s.held.putBack(pool)
		s.held = nil
	}
}

// End tells the peer that nothing more comes: over TLS by its alert, which is written
// if the kernel takes it. Then the writing half is closed.
func (s *Socket) End() {
	if s.session != nil {
		_ = s.session.conn.CloseWrite()
		s.session.flush()
	}
	s.poller.Shutdown(s.fd)
}

// Goodbye is End for a socket that is about to be closed.
func (s *Socket) Goodbye() {
	if t := s.session; t != nil {
		if pending, _ := t.pending(); pending == 0 && s.Pending() == 0 { // else it would say that all was sent
			_ = t.conn.CloseWrite()
			t.flush()
		}
	}
}

// TakeTLS gives the descriptor of a socket with TLS to package net, and returns the
// connection that reads and writes through it from now on. The socket must not be used any
// more, but for Drop.
func (s *Socket) TakeTLS() (*tls.Conn, error) {
	t := s.session
	s.session = nil
	file := os.NewFile(uintptr(t.fd), "TLS connection")
	below, err := net.FileConn(file) // has a descriptor of its own
	_ = file.Close()
	if err != nil {
		return nil, err
	}
	t.below = below
	return t.conn, nil
}

// transport is a session as what crypto/tls stands on.
//
// Owner: as Session.
type transport Session

// Read implements [net.Conn].
func (t *transport) Read(p []byte) (int, error) {
	if t.below != nil {
		return t.below.Read(p)
	}
	if t.drained && t.wait == nil {
		return 0, errNothingYet{}
	}
	for {
		n, errno := t.poller.Read(t.fd, p)
		switch {
		case n > 0:
			t.drained = n < len(p)
			return n, nil
		case errno == 0:
			return 0, io.EOF
		case errno == syscall.EINTR:
		case poll.Again(errno):
			t.drained, t.empty = true, true
			if t.wait == nil {
				return 0, errNothingYet{}
			}
			if err := t.wait(poll.In | poll.Hangup | poll.Closed); err != nil {
				return 0, err
			}
		default:
			return 0, errno
		}
	}
}

// Write implements [net.Conn]. Once the handshake is over it never fails: see flush.
func (t *transport) Write(p []byte) (int, error) {
	if t.below != nil {
		return t.below.Write(p)
	}
	t.mu.Lock()
	if t.out == nil {
		t.out = records.Get().(*[recordsSize]byte)[:0]
	}
	t.out = append(t.out, p...)
	t.flood = t.flood || len(t.out)-t.sent > mostUnsent
	t.mu.Unlock()
	if t.wait == nil {
		return len(p), nil
	}
	for {
		switch (*Session)(t).flush() {
		case Done:
			return len(p), nil
		case Again:
			if err := t.wait(poll.Out | poll.Closed); err != nil {
				return 0, err
			}
		default:
			return 0, ErrBroken
		}
	}
}

// Close implements [net.Conn].
func (t *transport) Close() error {
	if t.below != nil {
		return t.below.Close()
	}
	return nil
}

// LocalAddr implements [net.Conn].
func (t *transport) LocalAddr() net.Addr {
	if t.below != nil {
		return t.below.LocalAddr()
	}
	return address(poll.LocalAddr(t.fd))
}

// RemoteAddr implements [net.Conn].
func (t *transport) RemoteAddr() net.Addr {
	if t.below != nil {
		return t.below.RemoteAddr()
	}
	return address(t.remote)
}

// address is a as package net has it; of a unix socket nothing is known.
func address(a netip.AddrPort) net.Addr {
	if !a.IsValid() {
		return &net.UnixAddr{Name: "@", Net: "unix"}
	}
	return net.TCPAddrFromAddrPort(a)
}

// SetDeadline implements [net.Conn]. Without package net it does nothing: the owner of the
// socket has timers.
func (t *transport) SetDeadline(d time.Time) error {
	if t.below != nil {
		return t.below.SetDeadline(d)
	}
	return nil
}

// SetReadDeadline is as SetDeadline.
func (t *transport) SetReadDeadline(d time.Time) error {
	if t.below != nil {
		return t.below.SetReadDeadline(d)
	}
	return nil
}

// SetWriteDeadline is as SetDeadline.
func (t *transport) SetWriteDeadline(d time.Time) error {
	if t.below != nil {
		return t.below.SetWriteDeadline(d)
	}
	return nil
}

var _ net.Conn = (*transport)(nil)
