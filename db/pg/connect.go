package pg

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"github.com/fasterapi/fasterapi/internal/poll"
	"github.com/jackc/pgx/v5/pgconn"
)

// link is an authenticated connection on its way from package net to a reactor.
//
// Owner: the goroutine that dialled, then the conn.
type link struct {
	fd       int
	hijacked *pgconn.HijackedConn // for cancel requests
	tls      *tls.Conn            // nil: plaintext
	memory   *memoryConn          // below tls
	pid      uint32
	pooled   bool // there is a pooler before the server
	unnamed  bool // and it may give each transaction to another server process
	wants    wants
}

// dial connects, authenticates and takes the descriptor over. It blocks.
func (d *driver) dial() (*link, error) {
	pc, pooled, err := d.connect(d.dialing, nil)
	if err != nil {
		return nil, err
	}
	l, err := d.hijack(d.dialing, pc, pooled)
	if err != nil {
		d.discard(d.dialing, pc)
		return nil, err
	}
	return l, nil
}

// hijack takes the descriptor of a connection over. Nothing that the server sent
// may be left in pgconn's buffer.
func (d *driver) hijack(ctx context.Context, pc *pgconn.PgConn, pooled bool) (*link, error) {
	ctx, cancel := d.limited(ctx, 1)
	defer cancel()
	if err := pc.SyncConn(ctx); err != nil {
		return nil, err
	}
	h, err := pc.Hijack()
	if err != nil {
		return nil, err
	}
	if h.Frontend.ReadBufferLen() != 0 {
		_ = h.Conn.Close()
		return nil, errors.New("pg: the server sent more than the handshake")
	}
	l := &link{hijacked: h, pid: h.PID, pooled: pooled, unnamed: pooled && !d.cfg.SessionPooler}
	if !l.unnamed { // behind a pooler a connection says nothing about the next transaction
		l.wants = wantsOf(h.Config)
	}
	base := h.Conn
	if l.tls, _ = h.Conn.(*tls.Conn); l.tls != nil {
		base = l.tls.NetConn()
	}
	m, ok := base.(*memoryConn)
	if !ok {
		_ = h.Conn.Close()
		return nil, fmt.Errorf("pg: cannot take over a %T", base)
	}
	l.memory = m
	if l.fd, err = m.takeOver(); err != nil {
		_ = m.Conn.Close()
		return nil, err
	}
	return l, nil
}

// dial is what connections are dialled with, unless BeforeConnect brings its own.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 30 * time.Second, Interval: 10 * time.Second, Count: 3,
	}}
	return d.DialContext(ctx, network, address)
}

// inMemory makes what dial dials switchable to memory.
func inMemory(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &memoryConn{Conn: c}, nil
	}
}

// memoryConn is a network connection that can be switched to memory: then it
// reads what in holds and writes to out, and never touches the network. So
// crypto/tls goes on working above a descriptor that a reactor owns.
//
// Owner: whoever dials, then the conn.
type memoryConn struct {
	net.Conn
	memory bool
	in     []byte
	out    []byte
}

// errEmpty says that in is empty. crypto/tls keeps errors of the network unless
// they are Temporary, in which case the connection stays usable.
//
// Owner: any (immutable after New).
type errEmpty struct{}

func (errEmpty) Error() string   { return "pg: no more bytes yet" }
func (errEmpty) Timeout() bool   { return true }
func (errEmpty) Temporary() bool { return true }

func (m *memoryConn) Read(p []byte) (int, error) {
	if !m.memory {
		return m.Conn.Read(p)
	}
	if len(m.in) == 0 {
		return 0, errEmpty{}
	}
	n := copy(p, m.in)
	m.in = m.in[n:]
	return n, nil
}

func (m *memoryConn) Write(p []byte) (int, error) {
	if !m.memory {
		return m.Conn.Write(p)
	}
	m.out = append(m.out, p...)
	return len(p), nil
}

// close closes a connection that no reactor has taken.
func (l *link) close() { poll.CloseFD(l.fd) }

// takeOver duplicates the descriptor, closes the network connection, and
// switches to memory.
func (m *memoryConn) takeOver() (int, error) {
	sc, ok := m.Conn.(syscall.Conn)
	if !ok {
		return -1, fmt.Errorf("pg: a %T has no descriptor", m.Conn)
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return -1, err
	}
	fd := -1
	var dupErr error
	if err := raw.Control(func(n uintptr) { fd, dupErr = poll.Dup(int(n)) }); err != nil {
		return -1, err
	}
	if dupErr != nil {
		return -1, dupErr
	}
	m.memory = true
	return fd, m.Conn.Close()
}
