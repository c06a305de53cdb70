package websocket

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/reactor"
)

// flood is a client that sends the same bytes on and on, and takes nothing
// until more than enough has come.
type flood struct {
	net.Conn // nil: what is not here is not called
	frame    []byte
	enough   int64
	read     atomic.Int64
	flooded  chan struct{} // closed when enough was read
	writing  chan struct{} // closed at the first write
	largest  atomic.Int64  // write
	release  chan struct{} // writes end
	closed   chan struct{}
	once     [3]sync.Once
}

func newFlood(frame []byte, enough int64) *flood {
	return &flood{
		frame: frame, enough: enough,
		flooded: make(chan struct{}), writing: make(chan struct{}), release: make(chan struct{}), closed: make(chan struct{}),
	}
}

func (f *flood) Read(p []byte) (int, error) {
	if len(f.frame) == 0 {
		<-f.closed
		return 0, io.EOF
	}
	select {
	case <-f.closed:
		return 0, io.EOF
	default:
	}
	n := 0
	for len(p)-n >= len(f.frame) {
		n += copy(p[n:], f.frame)
	}
	if f.read.Add(int64(n)) > f.enough {
		f.once[0].Do(func() { close(f.flooded) })
	}
	return n, nil
}

func (f *flood) Write(p []byte) (int, error) {
	f.largest.Store(max(f.largest.Load(), int64(len(p))))
	f.once[1].Do(func() { close(f.writing) })
	select {
	case <-f.release:
	case <-f.flooded:
	case <-f.closed:
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

func (f *flood) SetWriteDeadline(time.Time) error { return nil }

func (f *flood) Close() error {
	f.once[2].Do(func() { close(f.closed) })
	return nil
}

// openFlood opens a connection to f.
func openFlood(t *testing.T, f *flood, deflate bool) *Conn {
	t.Helper()
	g, err := reactor.Start(reactor.Config{Cores: 1})
	require.NoError(t, err)
	ended := make(chan struct{})
	o := &Options{
		MaxMessage: 1 << 20, PingInterval: time.Minute, PongTimeout: time.Minute, WriteTimeout: time.Minute, CloseTimeout: time.Minute,
		Pools: new(Pools),
	}
	c := OpenNet(g.Reactor(0), f, o, deflate, nil)
	c.Start([]byte("hello"), nil, func() { close(ended) })
	t.Cleanup(func() {
		c.Abort()
		<-ended
		require.NoError(t, g.Stop(context.Background()))
	})
	return c
}

// TestPingFlood: a client that sends pings and reads no answers is not read on,
// also where no reactor polls.
func TestPingFlood(t *testing.T) {
	ping := ws.MustCompileFrame(ws.MaskFrameWith(ws.NewPingFrame(bytes.Repeat([]byte("x"), maxControl)), [4]byte{1, 2, 3, 4}))
	f := newFlood(ping, 8<<20)
	c := openFlood(t, f, false)
	<-f.writing
	full := func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.room != nil || f.read.Load() > f.enough
	}
	require.Eventually(t, full, 10*time.Second, time.Millisecond)
	require.Less(t, f.read.Load(), int64(64<<10))
	close(f.release) // it goes on
	<-f.flooded
	require.Less(t, f.largest.Load(), int64(64<<10))
}

// TestSlowClientHoldsNoCompressor: a compressor is a thousand times what an
// idle connection costs.
func TestSlowClientHoldsNoCompressor(t *testing.T) {
	f := newFlood(nil, 0)
	c := openFlood(t, f, true)
	data := make([]byte, 100<<10)
	for i := range data {
		data[i] = byte(rand.Uint32())
	}
	sent := make(chan error, 1)
	go func() { sent <- c.Send(t.Context(), true, data) }()
	stacks := func() string {
		b := make([]byte, 1<<20)
		return string(b[:runtime.Stack(b, true)])
	}
	require.Eventually(t, func() bool { return strings.Contains(stacks(), ".(*Conn).waitWritten(") }, 10*time.Second, time.Millisecond)
	require.NotContains(t, stacks(), ".(*Pools).compress(")
	close(f.release)
	require.NoError(t, <-sent)
}
