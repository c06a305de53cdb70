package websocket

import (
	"bytes"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/invariant"
	"github.com/fasterapi/fasterapi/reactor/virtual"
)

// TestStatesThatDoNotGoTogether are found by the debug build, and by no other.
func TestStatesThatDoNotGoTogether(t *testing.T) {
	broken := map[string]func(c *Conn){
		"an end without a reason":         func(c *Conn) { c.phase, c.ownSide = closing, closeSent },
		"a context of what has ended":     func(c *Conn) { c.phase, c.err = closed, gone(errGone) },
		"a message of what has ended":     func(c *Conn) { c.phase, c.err, c.life.over, c.has = closed, gone(errGone), true, true },
		"a context behind a close frame":  func(c *Conn) { c.peerSide, c.err = peerWaits, gone(errGone) },
		"an answer to an open connection": func(c *Conn) { c.peerSide, c.err, c.life.over = peerAnswered, gone(errGone), true },
		"an open one with a close frame":  func(c *Conn) { c.ownSide = closeSent },
		"closing without a close frame":   func(c *Conn) { c.phase, c.err = closing, gone(errGone) },
		"our side closed first":           func(c *Conn) { c.phase, c.err, c.ownSide = closing, gone(errGone), sideClosed },
		"nobody at work":                  func(c *Conn) { c.listenerState = atWork },
		"pinged with a message":           func(c *Conn) { c.sign, c.has = pinged, true },
	}
	require.NotPanics(t, new(Conn).check)
	for name, breaks := range broken {
		c := new(Conn)
		breaks(c)
		if invariant.Enabled {
			require.Panics(t, c.check, name)
		} else {
			require.NotPanics(t, c.check, name)
		}
	}
}

// TestNothingIsSentBehindTheEnd: the peer waits for our close frame, until a message is
// answered, but the connection ends before. Its descriptor may be another's by then.
func TestNothingIsSentBehindTheEnd(t *testing.T) {
	v := virtual.New(1)
	defer v.Close()
	o := &Options{
		MaxMessage: 1 << 20, PingInterval: time.Minute, PongTimeout: time.Minute, WriteTimeout: time.Minute, CloseTimeout: time.Minute,
		Pools: new(Pools),
	}
	fd, peer := v.Net.Pair()
	c := Open(v.Reactor, fd, o, false, nil)
	ended := make(chan struct{})
	c.Start(nil, nil, func() { close(ended) })
	var frames bytes.Buffer
	require.NoError(t, ws.WriteFrame(&frames, ws.MaskFrame(ws.NewTextFrame([]byte("work")))))
	require.NoError(t, ws.WriteFrame(&frames, ws.MaskFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(4123, "enough")))))
	require.True(t, peer.Send(frames.String()))
	v.RunUntilIdle()
	m, err := c.Receive(t.Context())
	require.NoError(t, err)
	require.Equal(t, "work", string(m.Data))
	require.Equal(t, peerWaits, c.peerSide)
	c.Abort()
	v.RunUntilIdle()
	<-ended
	writes := v.Net.Writes()
	_, err = c.Receive(t.Context())
	require.Error(t, err)
	c.Close(1000, "")
	require.Equal(t, closed, c.phase)
	require.Equal(t, writes, v.Net.Writes())
}
