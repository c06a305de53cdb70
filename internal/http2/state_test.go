package http2

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http2/frame"
	"github.com/fasterapi/fasterapi/internal/invariant"
)

// TestGoAwayCountsNoStreamIn: a stream that a GOAWAY has counted out stays so (RFC 9113 6.8). Clients that go by nghttp2 end a
// connection that tells them otherwise, with all that is under way on it.
func TestGoAwayCountsNoStreamIn(t *testing.T) {
	for name, c := range map[string]struct {
		then func(l *lab, first exchangeOf)
		want string
	}{
		"the last response of each connection": {func(l *lab, first exchangeOf) {
			l.server.CloseAfterResponses()
			l.v.Do(func() { text(first, 200, "late"); first.Finish() })
		}, "DATA 1 late end"},
		"a response that closes": {func(l *lab, first exchangeOf) {
			l.v.Do(func() { text(first, 200, "late"); first.CloseAfter = true; first.Finish() })
		}, "DATA 1 late end"},
		"a client that breaks the rules": {func(l *lab, _ exchangeOf) {
			l.request(5, "GET", "/wait")
			l.raw(frame.Ping, 0, 5, "12345678")
			l.turn()
		}, "GOAWAY 3 PROTOCOL_ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			var kept []exchangeOf
			s := &site{routes: map[string]func(x exchangeOf) exchange.Outcome{
				"/wait": func(x exchangeOf) exchange.Outcome { kept = append(kept, x); return exchange.Later },
			}}
			l := newLab(t, Config{}, s)
			l.greet()
			l.request(1, "GET", "/wait")
			l.request(3, "GET", "/wait")
			l.turn()
			l.server.Drain()
			l.v.RunUntilIdle()
			require.Equal(t, []string{"GOAWAY 3 NO_ERROR "}, l.frames())
			c.then(l, kept[0])
			l.v.RunUntilIdle()
			said := l.frames()
			require.Contains(t, strings.Join(said, "\n"), c.want)
			for _, line := range said {
				if strings.HasPrefix(line, "GOAWAY") {
					require.True(t, strings.HasPrefix(line, "GOAWAY 3 "), line)
				}
			}
		})
	}
}

// TestStatesThatDoNotGoTogether are found by the debug build, and by no other.
func TestStatesThatDoNotGoTogether(t *testing.T) {
	known := func(c *conn) *exchangeStream {
		s := &exchangeStream{c: c, id: 1, begun: true, step: serving}
		c.streams[1], c.last = s, 1
		return s
	}
	broken := map[string]func(c *conn){
		"a connection of no core":           func(c *conn) { c.listed = false },
		"streams of what leaves":            func(c *conn) { known(c); c.phase = leaving },
		"counted out by nobody":             func(c *conn) { c.final = 1 },
		"content within a field block":      func(c *conn) { c.block.stream, c.data.left = 1, 1 },
		"more room than the window has":     func(c *conn) { c.received = 1 },
		"shut with room":                    func(c *conn) { c.shut = 1 },
		"a stream under another id":         func(c *conn) { known(c).id = 3 },
		"a stream nobody has begun":         func(c *conn) { known(c); c.last = 0 },
		"a stream that has ended":           func(c *conn) { known(c).dead = true },
		"a request unknown to its handler":  func(c *conn) { known(c).begun = false },
		"a handler of a request that waits": func(c *conn) { s := known(c); s.step, s.stack = ready, handler },
		"content before its head":           func(c *conn) { c.ready[0].push(known(c)) },
		"a writer without a head":           func(c *conn) { known(c).writer = &bodyWriter{} },
		"more than the window of a stream":  func(c *conn) { known(c).room = -1 },
		"collecting in secret":              func(c *conn) { known(c).step = collecting },
		"collecting nothing":                func(c *conn) { c.collecting = []*exchangeStream{known(c)} },
		"a queue of another urgency": func(c *conn) {
			s := known(c)
			s.response, s.priority.urgency = headSent, 3
			c.ready[0].push(s)
		},
		"queued in no queue":         func(c *conn) { s := known(c); s.response, s.queued = headSent, true },
		"held back and not counted":  func(c *conn) { c.heldBack = 1 },
		"granted and not counted":    func(c *conn) { s := known(c); s.step, s.granted = collecting, 1; c.collecting = []*exchangeStream{s} },
		"collected beyond the room":  func(c *conn) { c.collected = c.core.collectRoom + 1 },
		"more handlers than streams": func(c *conn) { c.zombies = -1 },
	}
	idle := func() *conn {
		return &conn{core: &core{collectRoom: collectRoom}, listed: true, phase: open, room: connWindow, streams: map[uint32]*exchangeStream{}}
	}
	require.NotPanics(t, idle().check)
	well := idle()
	known(well)
	require.NotPanics(t, well.check)
	for name, breaks := range broken {
		c := idle()
		breaks(c)
		if invariant.Enabled {
			require.Panics(t, c.check, name)
		} else {
			require.NotPanics(t, c.check, name)
		}
		c.phase = closed
		require.NotPanics(t, c.check, "%s, but closed", name)
	}
}
