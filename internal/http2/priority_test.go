package http2

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"

	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http2/frame"
)

// prioritize writes a PRIORITY_UPDATE frame.
func (l *lab) prioritize(id uint32, priority string) {
	l.raw(frame.PriorityUpdate, 0, 0, word(id)+priority)
}

// narrowLab is a lab whose client has room for nothing before the whole of what it asks for is queued.
func narrowLab(t *testing.T) *lab {
	l := newLab(t, Config{Limits: exchange.Limits{MaxStreams: 10}}, &site{routes: map[string]func(x exchangeOf) exchange.Outcome{"/40000": bodies, "/1": bodies}})
	l.greet(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 20})
	l.core.conns.next.window = 0
	return l
}

// makeRoom gives room for everything, and returns in which order it came.
func (l *lab) makeRoom() string {
	l.t.Helper()
	l.raw(frame.WindowUpdate, 0, 0, word(1<<20))
	l.turn()
	return order(l.frames())
}

// TestPriorityUpdate: a client may change its mind of a stream that waits for its turn, and may say what it thinks of
// one before it opens it, which goes before the Priority field (RFC 9218 7.1).
func TestPriorityUpdate(t *testing.T) {
	for _, c := range []struct {
		name          string
		early, queued map[uint32]string
		want          string
	}{
		{"none", nil, nil, "1 3 5"},
		{"first", nil, map[uint32]string{5: "u=0"}, "5 1 3"},
		{"last", nil, map[uint32]string{1: "u=7"}, "3 5 1"},
		{"as it was", nil, map[uint32]string{1: "u=3"}, "3 5 1"}, // behind those that are as urgent
		{"of what is not there", nil, map[uint32]string{99: "u=0"}, "1 3 5"},
		{"early", map[uint32]string{5: "u=1"}, nil, "5 1 3"},
		{"early, then another mind", map[uint32]string{5: "u=1"}, map[uint32]string{5: "u=7"}, "1 3 5"},
		{"early, not to be read", map[uint32]string{5: "u=9, x"}, nil, "1 3 5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := narrowLab(t)
			for id, p := range c.early {
				l.prioritize(id, p)
			}
			for id := uint32(1); id <= 5; id += 2 {
				l.request(id, "GET", "/40000", "priority", "u=3")
			}
			l.turn()
			for id, p := range c.queued {
				l.prioritize(id, p)
			}
			l.turn()
			require.Equal(t, c.want, l.makeRoom())
		})
	}
}

// TestPriorityInTurn: streams that are to be sent one after the other are sent in turn from when their client says so.
func TestPriorityInTurn(t *testing.T) {
	l := narrowLab(t)
	for id := uint32(1); id <= 3; id += 2 {
		l.request(id, "GET", "/40000", "priority", "u=3")
	}
	l.turn()
	l.prioritize(1, "u=3, i")
	l.prioritize(3, "u=3, i")
	l.turn()
	require.Equal(t, "1 3 1 3 1 3", l.makeRoom())
}

// TestPriorityOfLateStreams: what a client says of a stream that has ended, or that it has left out, is nothing.
func TestPriorityOfLateStreams(t *testing.T) {
	l := narrowLab(t)
	l.prioritize(3, "u=0")
	l.prioritize(7, "u=0")
	l.request(1, "GET", "/")
	l.turn()
	require.Equal(t, "1", l.makeRoom())
	c := l.core.conns.next
	require.Len(t, c.early, 2)
	l.request(5, "GET", "/")
	l.turn()
	require.Equal(t, "5", order(l.frames()))
	require.Len(t, c.early, 1, "3 was left out")
	l.prioritize(1, "u=0")
	l.prioritize(3, "u=0")
	l.turn()
	require.Len(t, c.early, 1)
	l.request(7, "GET", "/")
	l.turn()
	require.Equal(t, "7", order(l.frames()))
	require.Nil(t, c.early)
}

// TestPrioritiesAreBounded: streams that were prioritized and those that are open are no more than may be open (RFC
// 9218 7.1), however often a client says so; one that goes on, or names what is no request, loses its connection.
func TestPrioritiesAreBounded(t *testing.T) {
	refused := func(l *lab, want bool) {
		t.Helper()
		l.turn()
		require.Equal(t, want, strings.Contains(strings.Join(l.frames(), "\n"), "PROTOCOL_ERROR"))
	}
	l := narrowLab(t)
	for round := range 50 {
		for i := range uint32(10) {
			l.prioritize(2*i+1, fmt.Sprint("u=", round%8))
		}
	}
	refused(l, false)
	require.Len(t, l.core.conns.next.early, 10)
	l.prioritize(21, "u=1")
	refused(l, true)

	l = narrowLab(t)
	for i := range uint32(6) {
		l.request(2*i+1, "GET", "/40000")
	}
	for i := range uint32(4) {
		l.prioritize(101+2*i, "u=1")
	}
	refused(l, false)
	l.prioritize(201, "u=1")
	refused(l, true)

	l = narrowLab(t) // those that were left out count no more
	for i := range uint32(10) {
		l.prioritize(2*i+1, "u=1")
	}
	l.request(101, "GET", "/1")
	l.turn()
	l.makeRoom()
	l.prioritize(103, "u=1")
	refused(l, false)

	for _, id := range []uint32{0, 2, frame.MaxStream - 1} {
		l := narrowLab(t)
		l.prioritize(id, "u=1")
		refused(l, true)
	}
}
