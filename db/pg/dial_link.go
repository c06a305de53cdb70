package pg

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"syscall"
	"time"

	"github.com/fasterapi/fasterapi/db/pg/internal/wire"
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
// Owner: any (immutable once made).
type errEmpty struct{}

func (errEmpty) Error() string { return "pg: no more bytes yet" }

func (errEmpty) Timeout() bool { return true }

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

// limited is ctx with the time for one step of making a connection.
func (d *database) limited(ctx context.Context, steps int) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, time.Duration(steps)*d.target.ConnectTimeout)
}

// discard closes a connection that nobody gets.
func (d *database) discard(ctx context.Context, pc *pgconn.PgConn) {
	ctx, cancel := d.limited(ctx, 1)
	defer cancel()
	_ = pc.Close(ctx)
}

// ask runs a simple query and returns its only value, "" if there is none. pgconn
// panics at some answers that no server gives; here they are an error.
func ask(ctx context.Context, pc *pgconn.PgConn, sql string) (value string, err error) {
	defer func() {
		if recover() != nil {
			err = wire.ErrMalformed
		}
	}()
	results, err := pc.Exec(ctx, sql).ReadAll()
	if err != nil || len(results) != 1 || len(results[0].Rows) != 1 || len(results[0].Rows[0]) != 1 {
		return "", err
	}
	return string(results[0].Rows[0][0]), nil
}
