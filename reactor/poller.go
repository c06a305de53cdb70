package reactor

import "github.com/fasterapi/fasterapi/internal/poll"

// These are the names by which an [IO] is written outside of this module. Packages of the module that hold
// sockets need system calls of internal/poll besides, and use its names for all of it.

// Poller is a reactor's side of the operating system: what is ready, and the socket
// calls, which do not block. See [Reactor.Poller] and [NewVirtual].
type Poller = poll.Poller

// Event says what happened to a descriptor of a [Poller].
type Event = poll.Event

// Ready is the set of things that may have happened to a descriptor. Edges come once:
// an [IO] works until a call says EAGAIN.
type Ready = poll.Ready

// The bits of [Ready].
const (
	In     = poll.In     // bytes or connections may be there
	Out    = poll.Out    // there may be room to write
	Hangup = poll.Hangup // the peer closed its writing half
	Closed = poll.Closed // both halves are closed, or the socket failed
)
