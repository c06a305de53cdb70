package poll

import (
	"errors"
	"net/netip"
	"syscall"
	"time"
)

// Errno is the error number of a socket call; 0 means success.
type Errno = syscall.Errno

// ErrUnsupported is returned where the platform offers no such facility.
var ErrUnsupported = errors.New("poll: not supported on this platform")

// ErrClosed is returned by calls on a closed poller.
var ErrClosed = errors.New("poll: poller is closed")

// Again tells that a socket call would have blocked: the next edge will say
// when to come back.
func Again(e Errno) bool { return e == syscall.EAGAIN || e == syscall.EWOULDBLOCK }

// Ready is the set of things that may have happened to a descriptor.
type Ready uint8

// The bits of Ready. Edges come once: the owner works until [Again].
const (
	In     Ready = 1 << iota // bytes or connections may be there
	Out                      // there may be room to write
	Hangup                   // the peer closed its writing half
	Closed                   // both halves are closed, or the socket failed
)

// Event says that something happened to FD, as it was registered with Gen.
// An event whose Gen is not the current one of its descriptor is stale.
type Event struct {
	FD    int
	Gen   uint32
	Ready Ready
}

// Options choose a poller's way of parking. The zero value is the usual one.
type Options struct {
	// Pin: the owner is locked to its thread, so Park blocks that thread in
	// the kernel instead of parking the goroutine.
	Pin bool
}

// Poller tells one reactor which of its descriptors are ready, and makes the
// socket calls, so that a simulated one can stand in.
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
	Read(fd int, p []byte) (int, Errno)
	// Write sends what the socket takes of p.
	Write(fd int, p []byte) (int, Errno)
	// Writev sends what the socket takes of bufs, in order.
	Writev(fd int, bufs [][]byte) (int, Errno)
	// Accept returns a non-blocking, close-on-exec connection of listener fd
	// and its peer (zero for unix sockets).
	Accept(fd int) (int, netip.AddrPort, Errno)
	// Shutdown closes the writing half.
	Shutdown(fd int)
	// Discard makes closing the descriptor drop what the kernel has not sent, and
	// reset the connection: a peer that does not read would keep it there.
	Discard(fd int)
	// CloseFD closes the descriptor.
	CloseFD(fd int)
}
