package http2

import (
	"bytes"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/reactor"
)

// tunnelLab is a lab whose handler takes over what comes to /socket, as conns.
func tunnelLab(t *testing.T) (l *lab, conns *[]net.Conn) {
	t.Helper()
	conns = new([]net.Conn)
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{
		"/socket": func(x *exchange.Exchange) exchange.Outcome {
			if x.OnReactor() {
				return exchange.Move
			}
			x.Respond(101, "", nil)
			x.AddField("Sec-WebSocket-Protocol", "chat")
			d, err := x.TakeDescriptor()
			if err != nil {
				return text(x, 426, err.Error())
			}
			*conns = append(*conns, d.Conn)
			d.Closed()
			return exchange.Answered
		},
		"/forbidden": func(x *exchange.Exchange) exchange.Outcome { return text(x, 403, "no") },
		"/streamed": func(x *exchange.Exchange) exchange.Outcome {
			if x.OnReactor() {
				return exchange.Move
			}
			x.Respond(200, "text/plain", nil)
			if _, err := x.Open(-1); err != nil {
				return text(x, 500, "no stream")
			}
			return exchange.Answered
		},
	}}
	l = newLab(t, Config{Tunnels: true}, s)
	l.core.spawn = func(job async.Task) { job.Run() }
	l.greet()
	return l, conns
}

// tunnel asks for one on a stream.
func (l *lab) tunnel(id uint32, path string, more ...string) {
	l.head(id, false, "CONNECT", path, append([]string{":protocol", "websocket"}, more...)...)
	l.turn()
}

// read is what has come on conn.
func read(t *testing.T, conn net.Conn) string {
	t.Helper()
	b := make([]byte, 100)
	n, err := conn.Read(b)
	require.NoError(t, err)
	return string(b[:n])
}

// TestTunnel: bytes go both ways, and each side ends its own.
func TestTunnel(t *testing.T) {
	l, conns := tunnelLab(t)
	l.tunnel(1, "/socket")
	require.Equal(t, []string{"HEADERS 1 :status=200 sec-websocket-protocol=chat"}, l.frames())
	require.Equal(t, 1, l.site.released, "the exchange is over")
	conn := (*conns)[0]
	require.NoError(t, l.framer.WriteData(1, false, []byte("hello")))
	l.turn()
	require.Equal(t, "hello", read(t, conn))
	_, err := conn.Write([]byte("answer"))
	require.NoError(t, err)
	l.turn()
	require.Equal(t, []string{"DATA 1 answer"}, l.frames())
	l.request(3, "GET", "/beside")
	l.turn()
	require.Len(t, l.frames(), 2)

	require.NoError(t, conn.(*tunnel).CloseWrite())
	l.turn()
	require.Equal(t, []string{"DATA 1  end"}, l.frames())
	_, err = conn.Write([]byte("late"))
	require.Error(t, err)
	require.NoError(t, l.framer.WriteData(1, true, []byte("bye")))
	l.turn()
	require.Equal(t, "bye", read(t, conn))
	_, err = conn.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)
	require.NoError(t, conn.Close())
	l.turn()
	require.Empty(t, l.frames(), "both sides have ended")
	require.Empty(t, l.core.conns.next.streams)
}

// TestTunnelEnds: whichever side gives up first, the other hears of it.
func TestTunnelEnds(t *testing.T) {
	l, conns := tunnelLab(t)
	for id := uint32(1); id <= 9; id += 2 {
		l.tunnel(id, "/socket")
	}
	require.Len(t, l.frames(), 5)
	given, closed, reset, ended, cut := (*conns)[0], (*conns)[1], (*conns)[2], (*conns)[3], (*conns)[4]

	require.NoError(t, given.Close())
	l.turn()
	require.Equal(t, []string{"RST_STREAM 1 CANCEL"}, l.frames(), "as a connection that is cut off")
	require.NoError(t, l.framer.WriteData(1, false, []byte("late")))

	require.NoError(t, closed.(*tunnel).CloseWrite())
	require.NoError(t, closed.Close())
	l.turn()
	require.Equal(t, []string{"DATA 3  end", "RST_STREAM 3 NO_ERROR"}, l.frames(), "the rest is not wanted")

	require.NoError(t, l.framer.WriteRSTStream(5, http2.ErrCodeCancel))
	l.turn()
	_, err := reset.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	_, err = reset.Write([]byte("x"))
	require.ErrorIs(t, err, exchange.ErrClientGone)
	require.NoError(t, reset.Close())

	require.NoError(t, l.framer.WriteData(7, true, nil))
	l.turn()
	_, err = ended.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)
	_, err = ended.Write([]byte("last"))
	require.NoError(t, err)
	require.NoError(t, ended.(*tunnel).CloseWrite())
	require.NoError(t, ended.Close())
	l.turn()
	require.Equal(t, []string{"DATA 7 last end"}, l.frames())

	l.server.Drain()
	l.turn()
	require.Equal(t, []string{"GOAWAY 9 NO_ERROR "}, l.frames(), "what is open goes on")
	_, err = cut.Write([]byte("still here"))
	require.NoError(t, err)
	l.turn()
	require.Equal(t, []string{"DATA 9 still here"}, l.frames())
	require.NoError(t, cut.Close())
	l.turn()
	require.Equal(t, []string{"RST_STREAM 9 CANCEL"}, l.frames())
	require.True(t, l.peer.Ended(), "the connection ends behind its last stream")
}

// TestTunnelWindows: neither side gets more than it has room for.
func TestTunnelWindows(t *testing.T) {
	l, conns := tunnelLab(t)
	l.tunnel(1, "/socket")
	l.frames()
	conn := (*conns)[0]
	for range 2 {
		_, err := conn.Write(make([]byte, 40_000))
		require.NoError(t, err)
		l.turn()
	}
	sent := func() (n int) {
		for _, line := range l.frames() {
			var size int
			if strings.HasPrefix(line, "DATA 1 ") {
				_, rest, _ := strings.Cut(line, "(")
				for _, digit := range rest[:strings.IndexByte(rest, ' ')] {
					size = 10*size + int(digit-'0')
				}
				n += size
			}
		}
		return n
	}
	require.Equal(t, 65_535, sent())
	require.NoError(t, l.framer.WriteWindowUpdate(0, 100_000))
	require.NoError(t, l.framer.WriteWindowUpdate(1, 100_000))
	l.turn()
	require.Equal(t, 80_000-65_535, sent())

	piece := bytes.Repeat([]byte("x"), 16<<10)
	pieces := firstWindow / len(piece)
	for range pieces {
		require.NoError(t, l.framer.WriteData(1, false, piece))
		l.turn()
	}
	require.Empty(t, l.frames(), "nobody has read")
	_, err := io.ReadFull(conn, make([]byte, pieces*len(piece)))
	require.NoError(t, err)
	l.turn()
	require.Equal(t, []string{"WINDOW_UPDATE 1 49152"}, l.frames())
	for range pieces + 1 {
		require.NoError(t, l.framer.WriteData(1, false, piece))
	}
	l.turn()
	require.Equal(t, []string{"RST_STREAM 1 FLOW_CONTROL_ERROR"}, l.frames())
}

// TestNoTunnel: what is no tunnel, or shall be none, is not taken for one.
func TestNoTunnel(t *testing.T) {
	l, conns := tunnelLab(t)
	for i, c := range []struct {
		fields []string
		want   []string
	}{
		{
			[]string{":method", "CONNECT", ":protocol", "websocket", ":scheme", "https", ":path", "/forbidden", ":authority", "a"},
			[]string{":status=403", " no end", "NO_ERROR"},
		},
		{
			[]string{":method", "CONNECT", ":protocol", "websocket", ":scheme", "https", ":path", "/answered", ":authority", "a"},
			[]string{":status=501", " end", "NO_ERROR"},
		},
		{
			[]string{":method", "CONNECT", ":protocol", "websocket", ":scheme", "https", ":path", "/streamed", ":authority", "a"},
			[]string{":status=500", "no stream end", "NO_ERROR"},
		},
		{
			[]string{":method", "CONNECT", ":protocol", "connect-udp", ":scheme", "https", ":path", "/socket", ":authority", "a"},
			[]string{":status=501", " end", "NO_ERROR"},
		},
		{
			[]string{":method", "GET", ":protocol", "websocket", ":scheme", "https", ":path", "/socket", ":authority", "a"},
			[]string{":status=400", " end", "PROTOCOL_ERROR"},
		},
		{
			[]string{":method", "CONNECT", ":protocol", "websocket", ":scheme", "https", ":authority", "a"},
			[]string{":status=400", " end", "PROTOCOL_ERROR"},
		},
		{
			[]string{":method", "CONNECT", ":protocol", "websocket", ":scheme", "https", ":path", "/socket"},
			[]string{":status=400", " end", "PROTOCOL_ERROR"},
		},
		{
			[]string{":method", "CONNECT", ":protocol", "websocket", ":scheme", "https", ":path", "/socket", ":authority", "a", "upgrade", "websocket"},
			[]string{":status=400", " end", "PROTOCOL_ERROR"},
		},
		{
			[]string{":method", "POST", ":scheme", "https", ":path", "/socket", ":authority", "a"},
			[]string{":status=426", " end", "NO_ERROR"},
		},
	} {
		id := uint32(1 + 2*i)
		require.NoError(t, l.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: l.fields(c.fields...), EndHeaders: true}))
		if c.fields[1] == "POST" {
			require.NoError(t, l.framer.WriteData(id, true, nil))
			c.want = c.want[:2]
		}
		l.turn()
		got := l.frames()
		require.Len(t, got, len(c.want), "%q: %q", c.fields, got)
		for i := range c.want {
			require.Contains(t, got[i], c.want[i], "%q", c.fields)
		}
	}
	require.Empty(t, *conns)
	require.Empty(t, l.core.conns.next.streams)
}

// TestTunnelsOff: a server that takes none says nothing of them, and :protocol is no field that it knows.
func TestTunnelsOff(t *testing.T) {
	for _, on := range []bool{false, true} {
		l := newLab(t, Config{Tunnels: on}, &site{})
		l.v.RunUntilIdle()
		l.in.Write(l.peer.Take())
		f, err := http2.NewFramer(nil, &l.in).ReadFrame()
		require.NoError(t, err)
		value, told := f.(*http2.SettingsFrame).Value(http2.SettingEnableConnectProtocol)
		require.Equal(t, on, told)
		require.Equal(t, on, value == 1)
	}
	l := newLab(t, Config{}, &site{})
	l.greet()
	l.tunnel(1, "/socket")
	require.Contains(t, l.frames()[0], ":status=400")
}

// TestUnreadTunnels: what nobody reads of some tunnels takes no room of the connection from others.
func TestUnreadTunnels(t *testing.T) {
	l, conns := tunnelLab(t)
	piece := bytes.Repeat([]byte("x"), firstWindow/5)
	for id := uint32(1); id < 2*connWindow/firstWindow+2; id += 2 {
		l.tunnel(id, "/socket")
		for range 5 {
			require.NoError(t, l.framer.WriteData(id, false, piece))
		}
		l.turn()
	}
	given := connectionRoom(t, l.frames())
	require.Greater(t, given, connWindow/2)
	for _, conn := range *conns {
		_, err := io.ReadFull(conn, make([]byte, firstWindow))
		require.NoError(t, err)
		require.NoError(t, conn.Close())
	}
	l.turn()
	require.Equal(t, len(*conns)*firstWindow, given+connectionRoom(t, l.frames())+l.core.conns.next.received, "each byte once")
}

// connectionRoom is what the lines let the client send on the connection.
func connectionRoom(t *testing.T, lines []string) (n int) {
	t.Helper()
	for _, line := range lines {
		if digits, ok := strings.CutPrefix(line, "WINDOW_UPDATE 0 "); ok {
			more, err := strconv.Atoi(digits)
			require.NoError(t, err)
			n += more
		}
	}
	return n
}

// TestIdleTunnelMemory: a tunnel that is quiet keeps no buffers of what it has carried.
func TestIdleTunnelMemory(t *testing.T) {
	l, conns := tunnelLab(t)
	l.tunnel(1, "/socket")
	conn := (*conns)[0].(*tunnel)
	piece := make([]byte, 15<<10)
	for range 3 {
		require.NoError(t, l.framer.WriteData(1, false, piece))
		require.NoError(t, l.framer.WriteData(1, false, piece))
		l.turn()
		_, err := io.ReadFull(conn, make([]byte, 2*len(piece)))
		require.NoError(t, err)
		for range 2 {
			_, err = conn.Write(piece)
			require.NoError(t, err)
		}
		require.NoError(t, l.framer.WriteWindowUpdate(0, 30<<10))
		require.NoError(t, l.framer.WriteWindowUpdate(1, 30<<10))
		l.turn()
	}
	require.LessOrEqual(t, cap(conn.reader.data), quietBuffer)
	require.LessOrEqual(t, cap(conn.writer.pending)+cap(conn.s.whole), 2*quietBuffer)
	require.LessOrEqual(t, cap(conn.s.payload), quietBuffer)
}

// TestTunnelOfEndedReactor: whoever reads hears that nobody is left to say that nothing comes.
func TestTunnelOfEndedReactor(t *testing.T) {
	g, err := reactor.Start(reactor.Config{Cores: 1})
	require.NoError(t, err)
	server, err := New(Config{}, []*reactor.Reactor{g.Reactor(0)}, &site{})
	require.NoError(t, err)
	r := newTunnelReader(&exchangeStream{c: &conn{core: server.cores[0]}})
	failed := make(chan error, 1)
	go func() {
		_, err := r.Read(make([]byte, 1))
		failed <- err
	}()
	require.NoError(t, g.Stop(t.Context()))
	select {
	case err := <-failed:
		require.ErrorIs(t, err, ErrServerClosed)
	case <-time.After(20 * time.Second):
		t.Fatal("it waits for ever")
	}
}
