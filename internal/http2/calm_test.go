package http2

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http2/frame"
)

// TestFloods: a client that makes work for nothing is told to calm down, and what it could make
// the server hold is bounded.
func TestFloods(t *testing.T) {
	id := uint32(1)
	later := map[string]func(x exchangeOf) exchange.Outcome{"/later": func(exchangeOf) exchange.Outcome { return exchange.Later }}
	for _, c := range []struct {
		name string
		send func(l *lab)
	}{
		{"rapid reset", func(l *lab) { // CVE-2023-44487
			l.request(id, "GET", "/later")
			l.raw(frame.ResetStream, 0, id, word(8))
			id += 2
		}},
		{"rapid reset without an error", func(l *lab) {
			l.request(id, "GET", "/later")
			l.raw(frame.ResetStream, 0, id, word(0))
			id += 2
		}},
		{"resets of what is answered", func(l *lab) {
			l.request(id, "GET", "/")
			l.raw(frame.ResetStream, 0, id, word(8))
			id += 2
		}},
		{"made to reset", func(l *lab) { // CVE-2025-8671
			l.request(id, "GET", "/later")
			l.raw(frame.WindowUpdate, 0, id, word(0))
			id += 2
		}},
		{"made to reset beside downloads", func(l *lab) {
			l.request(id, "GET", "/")
			l.request(id+2, "GET", "/later")
			l.raw(frame.WindowUpdate, 0, id+2, word(1<<31-1))
			id += 4
		}},
		{"ping", func(l *lab) { l.raw(frame.Ping, 0, 0, "12345678") }},                         // CVE-2019-9512
		{"settings", func(l *lab) { l.raw(frame.Settings, 0, 0, "") }},                         // CVE-2019-9515
		{"priority", func(l *lab) { l.raw(frame.Priority, 0, 1, "\x00\x00\x00\x03\x01") }},     // CVE-2019-9513
		{"priority update", func(l *lab) { l.raw(frame.PriorityUpdate, 0, 0, word(1)+"u=1") }}, // RFC 9218 13
		{"window update", func(l *lab) { l.raw(frame.WindowUpdate, 0, 0, word(1)) }},           // RFC 9113 10.5
		{"unknown frames", func(l *lab) { l.raw(0x77, 0, 0, "x") }},                            // RFC 9113 10.5
		{"empty data", func(l *lab) { emptyData(l) }},                                          // CVE-2019-9518
		{"empty data of a stream that was reset", func(l *lab) { emptyDataBehind(l, 0) }},
		{"ends of a stream that was reset", func(l *lab) { emptyDataBehind(l, frame.EndStream) }},
		{"streams beyond the limit", func(l *lab) { l.request(id, "GET", "/later"); id += 2 }},                   // CVE-2019-9514
		{"trailers of a stream that has ended", func(l *lab) { l.request(1, "GET", "/later") }},                  // CVE-2019-9514
		{"empty continuations", func(l *lab) { l.raw(frame.Headers, 0, id, ""); continuations(l, id); id += 2 }}, // CVE-2024-27316
	} {
		t.Run(c.name, func(t *testing.T) {
			id = 1
			l := newLab(t, Config{}, &site{routes: later})
			l.greet()
			said := ""
			for range 5000 {
				c.send(l)
				l.turn()
				if said = strings.Join(l.frames(), "\n"); strings.Contains(said, "GOAWAY") {
					break
				}
				require.LessOrEqual(t, len(l.core.conns.next.streams)+l.core.conns.next.zombies, 250)
			}
			require.Regexp(t, `GOAWAY \d+ (ENHANCE_YOUR_CALM|STREAM_CLOSED)`, said)
			require.EqualValues(t, strings.Count(said, "ENHANCE_YOUR_CALM"), l.core.reactor.Stats().Useless)
			l.peer.Close()
			l.v.RunUntilIdle()
			require.True(t, l.closed)
		})
	}
}

func emptyData(l *lab) {
	if l.site.begun == 0 {
		l.head(1, false, "POST", "/body")
	}
	l.raw(frame.Data, 0, 1, "")
}

// emptyDataBehind sends it for a stream that the server has reset, behind an answer that did not wait for the body.
func emptyDataBehind(l *lab, flags frame.Flags) {
	if l.site.begun == 0 {
		l.head(1, false, "POST", "/none")
		l.turn()
		require.Contains(l.t, strings.Join(l.frames(), "\n"), "RST_STREAM 1")
	}
	l.raw(frame.Data, flags, 1, "")
}

func continuations(l *lab, id uint32) {
	for range mostFrames + 1 {
		l.raw(frame.Continuation, 0, id, "")
	}
}

// TestPatientClients: what a client does in the course of its work annoys nobody, for as long as it
// likes.
func TestPatientClients(t *testing.T) {
	l := newLab(t, Config{}, &site{})
	l.greet()
	for i := range uint32(5000) {
		l.request(2*i+1, "GET", "/")
		if i%20 == 0 {
			l.raw(frame.Ping, 0, 0, "12345678")
		}
		l.raw(frame.WindowUpdate, 0, 0, word(100))
		l.turn()
		require.NotContains(t, strings.Join(l.frames(), "\n"), "GOAWAY")
		l.v.Advance(time.Millisecond)
	}
}

// TestSlow: what does not come, or is not taken, in time ends.
func TestSlow(t *testing.T) {
	cfg := Config{}
	cfg.HeadTimeout, cfg.BodyTimeout, cfg.WriteTimeout, cfg.IdleTimeout = time.Second, 2*time.Second, 3*time.Second, 4*time.Second
	large := map[string]func(x exchangeOf) exchange.Outcome{
		"/large": func(x exchangeOf) exchange.Outcome { return text(x, 200, strings.Repeat("x", 1<<20)) },
	}
	t.Run("preface", func(t *testing.T) {
		l := newLab(t, cfg, &site{})
		l.out.WriteString("PRI * ")
		l.turn()
		l.v.Advance(1500 * time.Millisecond)
		l.v.RunUntilIdle()
		require.Contains(t, last(l.frames()), "GOAWAY 0 ENHANCE_YOUR_CALM")
	})
	t.Run("field block", func(t *testing.T) {
		l := newLab(t, cfg, &site{})
		l.greet()
		l.raw(frame.Headers, frame.EndStream, 1, "")
		l.turn()
		l.v.Advance(1500 * time.Millisecond)
		l.v.RunUntilIdle()
		require.Contains(t, last(l.frames()), "GOAWAY 1 ENHANCE_YOUR_CALM")
	})
	t.Run("body", func(t *testing.T) {
		s := &site{}
		l := newLab(t, cfg, s)
		l.greet()
		l.head(1, false, "POST", "/")
		l.request(3, "GET", "/")
		l.turn()
		require.Contains(t, strings.Join(l.frames(), "\n"), "HEADERS 3 :status=200")
		for range 5 { // a byte a second is too little
			require.NoError(t, l.framer.WriteData(1, false, []byte("x")))
			l.turn()
			l.v.Advance(time.Second)
			l.v.RunUntilIdle()
		}
		require.Contains(t, strings.Join(l.frames(), "\n"), "HEADERS 1 :status=408")
		require.Equal(t, []int{408}, s.refused)
	})
	t.Run("window of a stream", func(t *testing.T) {
		s := &site{routes: large}
		l := newLab(t, cfg, s)
		l.greet()
		l.raw(frame.WindowUpdate, 0, 0, word(1<<20))
		l.request(1, "GET", "/large")
		l.turn()
		l.frames()
		l.v.Advance(3500 * time.Millisecond)
		l.v.RunUntilIdle()
		require.Equal(t, "RST_STREAM 1 CANCEL", last(l.frames()))
		require.False(t, l.closed)
		l.v.Advance(5 * time.Second)
		l.v.RunUntilIdle()
		require.Contains(t, last(l.frames()), "GOAWAY 1 NO_ERROR")
	})
	t.Run("nothing is taken", func(t *testing.T) {
		l := newLab(t, cfg, &site{routes: large})
		l.greet()
		l.peer.SetBuffer(1000)
		l.request(1, "GET", "/large")
		l.turn()
		l.v.Advance(3500 * time.Millisecond)
		l.v.RunUntilIdle()
		require.True(t, l.closed)
	})
	t.Run("idle", func(t *testing.T) {
		l := newLab(t, cfg, &site{})
		l.greet()
		l.request(1, "GET", "/")
		l.turn()
		l.frames()
		l.v.Advance(4500 * time.Millisecond)
		l.v.RunUntilIdle()
		require.Equal(t, "GOAWAY 1 NO_ERROR ", last(l.frames()))
		l.v.Advance(3 * time.Second)
		l.v.RunUntilIdle()
		require.True(t, l.closed, "though the client did not close")
	})
}

// TestMaxUseless: the budget is that of the configuration, and comes back by a tenth each second.
func TestMaxUseless(t *testing.T) {
	l := newLab(t, Config{Limits: exchange.Limits{MaxUseless: 50}}, &site{})
	l.greet()
	pings := func(n int) string {
		for range n {
			l.raw(frame.Ping, 0, 0, "12345678")
		}
		l.turn()
		return strings.Join(l.frames(), "\n")
	}
	require.NotContains(t, pings(45), "GOAWAY")
	l.v.Advance(4 * time.Second)
	require.NotContains(t, pings(20), "GOAWAY", "20 have come back")
	require.Contains(t, pings(15), "ENHANCE_YOUR_CALM")
}
