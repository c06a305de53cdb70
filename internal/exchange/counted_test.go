package exchange

import (
	"crypto/tls"
	"io"
	"net"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCounted: a connection of each kind gives its place back once, whether it is closed
// (again), or dropped, and nothing else does.
func TestCounted(t *testing.T) {
	for name, open := range map[string]func() net.Conn{
		"TCP":   func() net.Conn { return dialed(t) },
		"unix":  func() net.Conn { return dialedUnix(t) },
		"TLS":   func() net.Conn { return tls.Client(dialed(t), &tls.Config{ServerName: "test"}) },
		"other": func() net.Conn { conn, _ := net.Pipe(); return conn },
	} {
		t.Run(name, func(t *testing.T) {
			var left atomic.Int32
			leave := func() { left.Add(1) }
			conn := Counted(open(), leave)
			if half, ok := conn.(interface{ CloseWrite() error }); ok {
				_ = half.CloseWrite() // TLS has no session yet
			}
			require.Zero(t, left.Load())
			require.NoError(t, conn.Close())
			require.EqualValues(t, 1, left.Load())
			_ = conn.Close()
			runtime.KeepAlive(conn)

			Counted(open(), leave)
			require.Eventually(t, func() bool { runtime.GC(); return left.Load() == 2 }, 20*time.Second, time.Millisecond)
			require.Never(t, func() bool { runtime.GC(); return left.Load() != 2 }, 20*time.Millisecond, time.Millisecond)
		})
	}
}

// TestCountedTCP: bytes are passed on without a copy, as for a TCP connection.
func TestCountedTCP(t *testing.T) {
	conn := Counted(dialed(t), func() {})
	require.Implements(t, (*io.ReaderFrom)(nil), conn)
	require.Implements(t, (*io.WriterTo)(nil), conn)
	require.NoError(t, conn.Close())
}

// TestCountedUnix: its side can be closed, and it has all else that a unix socket has.
func TestCountedUnix(t *testing.T) {
	conn := Counted(dialedUnix(t), func() {})
	require.Implements(t, (*interface{ CloseWrite() error })(nil), conn)
	require.Implements(t, (*syscall.Conn)(nil), conn)
	require.NoError(t, conn.Close())
}

func dialedUnix(t *testing.T) net.Conn {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	require.NoError(t, err)
	defer l.Close()
	conn, err := net.Dial("unix", path)
	require.NoError(t, err)
	return conn
}

func dialed(t *testing.T) net.Conn {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	return conn
}
