package reactor

import (
	"net/netip"
	"syscall"
	"time"

	"github.com/fasterapi/fasterapi/internal/poll"
)

// Poller is a reactor's side of the operating system: what is ready, and the socket
// calls, which do not block: a syscall.EAGAIN says that the next edge will tell when to come
// back. See [Reactor.Poller] and [NewVirtual].
type Poller interface {
	// Wait fills events with what is ready now and returns how many; it never
	// blocks. Owner only.
	Wait(events []Event) int
	// Park blocks until a descriptor is ready, Wake is called or the deadline
	// passes (zero: none). It may also return for no reason. Owner only.
	Park(deadline time.Time)
	// Wake ends the current Park, or else the next one. Any goroutine.
	Wake()
	// Add registers fd once for both directions, edge-triggered. Owner only.
	Add(fd int, gen uint32) error
	// Remove ends the registration; closing a descriptor does so too.
	Remove(fd int) error
	// Close releases the poller's own descriptors. Owner only.
	Close() error

	// Read receives into p: 0 and no error is the end of the stream.
	Read(fd int, p []byte) (int, syscall.Errno)
	// Write sends what the socket takes of p.
	Write(fd int, p []byte) (int, syscall.Errno)
	// Writev sends what the socket takes of bufs, in order.
	Writev(fd int, bufs [][]byte) (int, syscall.Errno)
	// Accept returns a non-blocking, close-on-exec connection of listener fd
	// and its peer (zero for unix sockets).
	Accept(fd int) (int, netip.AddrPort, syscall.Errno)
	// Shutdown closes the writing half.
	Shutdown(fd int)
	// Discard makes closing the descriptor drop what the kernel has not sent, and
	// reset the connection: a peer that does not read would keep it there.
	Discard(fd int)
	// CloseFD closes the descriptor.
	CloseFD(fd int)
}

var _ Poller = poll.Poller(nil) // the methods are those

// Event says what happened to a descriptor of a [Poller]: its fields are FD int, the
// descriptor; Gen uint32, with which it was registered, so that an event of an earlier
// registration is known; and Ready [Ready].
type Event = poll.Event

// Ready is the set of things that may have happened to a descriptor, the bits In, Out,
// Hangup and Closed. Edges come once: an [IO] works until a call says EAGAIN.
type Ready = poll.Ready

// The bits of [Ready].
const (
	In     = poll.In     // bytes or connections may be there
	Out    = poll.Out    // there may be room to write
	Hangup = poll.Hangup // the peer closed its writing half
	Closed = poll.Closed // both halves are closed, or the socket failed
)
