package http2

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// TestRoomOfResetBodies: what was read of streams that the client has reset gives room on the
// connection, which it hears of although nothing else happens there.
func TestRoomOfResetBodies(t *testing.T) {
	var xs []*exchange.Exchange
	s := &site{routes: map[string]func(*exchange.Exchange) exchange.Outcome{"/stream": func(x *exchange.Exchange) exchange.Outcome {
		xs = append(xs, x)
		return exchange.Later
	}}}
	l := newLab(t, Config{}, s)
	l.greet()
	piece := make([]byte, 16<<10)
	for id := uint32(1); id <= 7; id += 2 {
		l.head(id, false, "POST", "/stream")
		for range streamWindow / len(piece) {
			require.NoError(t, l.framer.WriteData(id, false, piece))
		}
		l.turn()
		require.NoError(t, l.framer.WriteRSTStream(id, http2.ErrCodeCancel))
	}
	l.turn()
	l.frames()
	for _, x := range xs {
		_, err := io.Copy(io.Discard, x.BodyReader)
		require.ErrorIs(t, err, exchange.ErrBodyBroken)
		x.Finish()
	}
	l.v.RunUntilIdle()
	require.Greater(t, connectionRoom(t, l.frames()), connWindow/2)
}
