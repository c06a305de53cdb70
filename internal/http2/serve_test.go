package http2

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

func TestRequest(t *testing.T) {
	l := newLab(t, Config{}, &site{})
	l.greet()
	l.request(1, "GET", "/a?b=c")
	l.request(3, "GET", "/second", "cookie", "a=1", "cookie", "b=2")
	l.turn()
	require.Equal(t, []string{
		"HEADERS 1 :status=200 content-type=text/plain content-length=16",
		"DATA 1 GET /a?b=c test  end",
		"HEADERS 3 :status=200 content-type=text/plain content-length=17",
		"DATA 3 GET /second test  end",
	}, l.frames())
	require.Equal(t, 2, l.site.released)
	l.head(5, false, "POST", "/upload", "content-length", "5")
	require.NoError(t, l.framer.WriteData(5, false, []byte("he")))
	l.turn()
	require.Empty(t, l.frames())
	require.NoError(t, l.framer.WriteDataPadded(5, true, []byte("llo"), make([]byte, 10)))
	l.turn()
	require.Equal(t, []string{
		"HEADERS 5 :status=200 content-type=text/plain content-length=23",
		"DATA 5 POST /upload test hello end",
	}, l.frames())
	require.NoError(t, l.framer.WritePing(false, [8]byte{1, 2, 3}))
	l.turn()
	require.Equal(t, []string{"PING 0102030000000000 ack=true"}, l.frames())
	l.peer.Close()
	l.v.RunUntilIdle()
	require.True(t, l.closed)
	require.Zero(t, l.core.count)
}

// TestLarge: a body that is larger than the windows comes as the client has room, and its
// memory is let go of.
func TestLarge(t *testing.T) {
	s := &site{routes: map[string]func(x *exchange.Exchange) exchange.Outcome{
		"/large": func(x *exchange.Exchange) exchange.Outcome { return text(x, 200, string(make([]byte, 200_000))) },
	}}
	l := newLab(t, Config{}, s)
	l.greet()
	l.request(1, "GET", "/large")
	l.turn()
	got := l.frames()
	require.Len(t, got, 5, "%v", got)
	require.Equal(t, "DATA 1 (16383 bytes)", got[4])
	require.NoError(t, l.framer.WriteWindowUpdate(0, 1<<20))
	l.turn()
	require.Empty(t, l.frames())
	require.NoError(t, l.framer.WriteWindowUpdate(1, 1<<20))
	l.turn()
	got = l.frames()
	require.Contains(t, got[len(got)-1], "end")
	require.Equal(t, 1, s.released)
}
