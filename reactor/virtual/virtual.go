package virtual

import (
	"github.com/fasterapi/fasterapi/internal/poll/sim"
	"github.com/fasterapi/fasterapi/reactor"
)

// Loop is a reactor whose time and sockets are a test's.
//
// Owner: the test's goroutine.
type Loop struct {
	*reactor.Virtual
	// Net holds the reactor's sockets: it opens listeners and connections, and gives
	// the other side of each to the test.
	Net *sim.Net
}

// New returns a virtual reactor at 2026-01-01 00:00 UTC. It logs nothing.
func New(seed uint64) *Loop {
	net := sim.New(seed)
	return &Loop{reactor.NewVirtual(seed, net), net}
}

// Beside returns another virtual reactor with the same sockets and the same clock, see
// [reactor.Virtual.Beside].
func (l *Loop) Beside(seed uint64) *Loop {
	return &Loop{l.Virtual.Beside(seed, l.Net.Beside()), l.Net}
}
