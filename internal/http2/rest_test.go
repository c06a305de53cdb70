package http2

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2/hpack"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http2/frame"
)

// TestFieldsOfOthers: the room that the fields of a block are read in goes from connection to connection, and what one
// client says to no other: neither when blocks come in pieces between each other, nor behind a block that was broken.
func TestFieldsOfOthers(t *testing.T) {
	var seen []string
	l := newLab(t, Config{}, &site{routes: map[string]func(x exchangeOf) exchange.Outcome{"/": func(x exchangeOf) exchange.Outcome {
		seen = append(seen, string(x.Head.Get("Cookie"))+string(x.Head.Get("X-Own")))
		return text(x, 200, "ok")
	}}})
	m, broken := l.another(), l.another()
	for _, client := range []*lab{l, m, broken} {
		client.greet()
	}
	fields := func(client *lab, more ...string) string {
		return string(client.fields(append([]string{":method", "GET", ":scheme", "https", ":authority", "a", ":path", "/"}, more...)...))
	}
	ofL, ofBroken := fields(l, "cookie", "of l", "x-own", "more of l"), fields(broken, "cookie", "broken")
	half := len(ofL) / 2
	l.raw(frame.Headers, frame.EndStream, 1, ofL[:half])
	l.turn()
	broken.raw(frame.Headers, frame.EndStream, 1, ofBroken)
	broken.turn()
	m.raw(frame.Headers, frame.EndStream|frame.EndHeaders, 1, fields(m, "cookie", "of m"))
	m.turn()
	broken.raw(frame.Continuation, frame.EndHeaders, 1, "\xff\xff\xff\xff\xff\xff") // no field has this index
	broken.turn()
	l.raw(frame.Continuation, frame.EndHeaders, 1, ofL[half:])
	l.turn()
	m.raw(frame.Headers, frame.EndStream|frame.EndHeaders, 3, fields(m))
	m.turn()
	require.Equal(t, []string{"of m", "of lmore of l", ""}, seen)
	require.Contains(t, strings.Join(broken.frames(), "\n"), "COMPRESSION_ERROR")

	idle := 0
	for c := l.core.conns.next; c != &l.core.conns; c = c.next {
		if c.phase == open {
			idle++
			require.Zero(t, cap(c.fields.fields), "a connection that waits keeps no room for fields")
			require.Nil(t, c.in)
		}
	}
	require.Equal(t, 2, idle)
	require.NotZero(t, cap(l.core.fields))
	for _, f := range l.core.fields[:cap(l.core.fields)] {
		require.Equal(t, hpack.HeaderField{}, f, "nothing of a request is left")
	}
}
