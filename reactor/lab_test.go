package reactor

import (
	"github.com/fasterapi/fasterapi/internal/poll"
	"github.com/fasterapi/fasterapi/internal/poll/sim"
)

// lab is a virtual reactor with sockets in memory. Package reactor/virtual, which has
// one too, stands above this one.
type lab struct {
	*Virtual
	Net *sim.Net
}

func newLab(seed uint64) *lab {
	net := sim.New(seed)
	return &lab{NewVirtual(seed, net), net}
}

// readyFunc is an IO that does not care what happened.
type readyFunc func()

func (f readyFunc) Ready(poll.Ready) { f() }
