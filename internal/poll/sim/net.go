package sim

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"syscall"

	"github.com/fasterapi/fasterapi/internal/poll"
)

// DefaultBuffer is the size in bytes of a socket's receive buffer.
const DefaultBuffer = 64 << 10

// firstFD is above what a test binary has open, to show mix-ups.
const firstFD = 1000

// Net is the simulated poller. New connections take its settings at the time.
//
// Owner: mu; the settings are for the test to change between turns.
type Net struct {
	// Buffer is the size of receive buffers in bytes; a full one makes the
	// other side's writes fail with EAGAIN.
	Buffer int
	// Chop cuts reads and writes to a random length, 1 byte at least.
	Chop bool

	mu      sync.Mutex
	rng     *rand.Rand
	sockets map[int]*socket
	clients uint16
	fault   poll.Errno // of the next faults calls of Accept
	faults  int
	closed  bool
	writes  int

	queue
}

// New returns a network whose random choices follow the seed.
func New(seed uint64) *Net {
	n := &Net{
		Buffer:  DefaultBuffer,
		rng:     rand.New(rand.NewPCG(seed, 2)),
		sockets: make(map[int]*socket),
	}
	n.queue = newQueue(n)
	return n
}

// Listen opens a listener and returns its descriptor.
func (n *Net) Listen() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.open(&socket{net: n, listener: true}).fd
}

// Dial connects to a listener; the connection waits there to be accepted. A
// listener that is gone gives a Peer that is reset.
func (n *Net) Dial(listener int) *Peer {
	n.mu.Lock()
	defer n.mu.Unlock()
	peer, own := n.pair()
	l := n.sockets[listener]
	if l == nil || !l.listener {
		own.reset()
		return &Peer{s: peer}
	}
	l.backlog = append(l.backlog, own)
	l.edge()
	return &Peer{s: peer}
}

// Pair opens a connection that needs no listener: the descriptor of this side
// and the other side.
func (n *Net) Pair() (int, *Peer) {
	n.mu.Lock()
	defer n.mu.Unlock()
	peer, own := n.pair()
	return n.open(own).fd, &Peer{s: peer}
}

// FailAccept lets the next times calls of Accept fail with e.
func (n *Net) FailAccept(e poll.Errno, times int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.fault, n.faults = e, times
}

// Open returns how many descriptors are open: listeners and accepted connections.
func (n *Net) Open() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.sockets)
}

func (n *Net) pair() (peer, own *socket) {
	n.clients++
	addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 1}), n.clients)
	peer = &socket{net: n, size: n.Buffer}
	own = &socket{net: n, size: n.Buffer, peer: peer, from: addr}
	peer.peer = own
	return peer, own
}

// open gives s the lowest free descriptor, as the kernel does.
func (n *Net) open(s *socket) *socket {
	fd := firstFD
	for n.sockets[fd] != nil {
		fd++
	}
	s.fd = fd
	n.sockets[fd] = s
	return s
}

// chop cuts a length where the test wants that.
func (n *Net) chop(length int) int {
	if !n.Chop || length < 2 {
		return length
	}
	return 1 + n.rng.IntN(length)
}

// Remove ends the registration of fd.
func (n *Net) Remove(fd int) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.sockets[fd]
	if s == nil || !s.registered {
		return fmt.Errorf("sim: deregister descriptor %d: %w", fd, syscall.ENOENT)
	}
	s.registered = false
	return nil
}

// Close resets every connection.
func (n *Net) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return poll.ErrClosed
	}
	n.closed = true
	for fd, s := range n.sockets {
		s.reset()
		delete(n.sockets, fd)
	}
	return nil
}

// Accept takes the oldest waiting connection.
func (n *Net) Accept(fd int) (int, netip.AddrPort, poll.Errno) {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.sockets[fd]
	if l == nil {
		return -1, netip.AddrPort{}, syscall.EBADF
	}
	if n.faults > 0 {
		n.faults--
		return -1, netip.AddrPort{}, n.fault
	}
	if len(l.backlog) == 0 {
		return -1, netip.AddrPort{}, syscall.EAGAIN
	}
	s := l.backlog[0]
	l.backlog = slices.Delete(l.backlog, 0, 1)
	return n.open(s).fd, s.from, 0
}

// Read takes received bytes.
func (n *Net) Read(fd int, p []byte) (int, poll.Errno) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.sockets[fd]
	if s == nil {
		return 0, syscall.EBADF
	}
	return s.read(p)
}

// Write sends what the other side's buffer takes.
func (n *Net) Write(fd int, p []byte) (int, poll.Errno) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.writes++
	s := n.sockets[fd]
	if s == nil {
		return 0, syscall.EBADF
	}
	return s.write(p)
}

// Writes returns how many times Write and Writev have been called.
func (n *Net) Writes() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.writes
}

// Writev sends what the other side's buffer takes of bufs.
func (n *Net) Writev(fd int, bufs [][]byte) (int, poll.Errno) {
	return n.Write(fd, slices.Concat(bufs...))
}

// Shutdown closes the writing half.
func (n *Net) Shutdown(fd int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if s := n.sockets[fd]; s != nil {
		s.shutdown()
	}
}

// Discard makes CloseFD a reset. As with Linux, the other side still gets what it has
// received.
func (n *Net) Discard(fd int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if s := n.sockets[fd]; s != nil {
		s.discard = true
	}
}

// CloseFD closes the connection; unread bytes make that a reset, as in TCP.
func (n *Net) CloseFD(fd int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.sockets[fd]
	if s == nil {
		return
	}
	delete(n.sockets, fd)
	s.close()
}
