package websocket

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/reactor"
)

// endsMeanwhile is a context that ends, together with the connection, between
// the looks of Receive at the one and at the other.
type endsMeanwhile struct {
	context.Context
	end func()
}

func (e endsMeanwhile) Done() <-chan struct{} {
	e.end()
	return e.Context.Done()
}

// TestReceiveTellsWhyTheConnectionEnded: also when the context ends with it.
func TestReceiveTellsWhyTheConnectionEnded(t *testing.T) {
	g, err := reactor.Start(reactor.Config{Cores: 1})
	require.NoError(t, err)
	defer func() { require.NoError(t, g.Stop(context.Background())) }()
	o := &Options{
		MaxMessage: 1 << 20, PingInterval: time.Minute, PongTimeout: time.Minute, WriteTimeout: time.Minute, CloseTimeout: time.Minute,
		Pools: new(Pools),
	}
	for range 20 { // a select takes one of two at random
		ours, theirs := net.Pipe()
		ended := make(chan struct{})
		c := OpenNet(g.Reactor(0), ours, o, false, nil)
		c.Start(nil, nil, func() { close(ended) })
		ctx, cancel := context.WithCancel(t.Context())
		_, err := c.Receive(endsMeanwhile{ctx, func() {
			frame := ws.MaskFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(4123, "enough")))
			require.NoError(t, ws.WriteFrame(theirs, frame))
			head, err := ws.ReadHeader(theirs) // the answer: the connection knows
			require.NoError(t, err)
			_, err = io.CopyN(io.Discard, theirs, head.Length)
			require.NoError(t, err)
			cancel()
		}})
		var closed *CloseError
		require.ErrorAs(t, err, &closed)
		require.Equal(t, 4123, closed.Code)
		cancel()
		require.NoError(t, theirs.Close())
		<-ended
	}
}
