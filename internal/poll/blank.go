package poll

import (
	"net/netip"
	"syscall"
	"time"
)

// Blank is a Poller without descriptors: it only parks and wakes. Reactors
// use it where there is neither epoll nor kqueue.
//
// Owner: reactor; Wake any goroutine.
type Blank struct {
	wake  chan struct{}
	timer *time.Timer
}

// NewBlank returns a poller that knows no descriptors.
func NewBlank() *Blank {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return &Blank{wake: make(chan struct{}, 1), timer: t}
}

// Wait finds nothing.
func (b *Blank) Wait([]Event) int { return 0 }

// Park blocks until Wake or the deadline.
func (b *Blank) Park(deadline time.Time) {
	if deadline.IsZero() {
		<-b.wake
		return
	}
	b.timer.Reset(time.Until(deadline))
	select {
	case <-b.wake:
	case <-b.timer.C:
	}
	b.timer.Stop()
}

// Wake ends the current Park, or else the next one.
func (b *Blank) Wake() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// Add refuses: [ErrUnsupported].
func (b *Blank) Add(int, uint32) error { return ErrUnsupported }

// Remove refuses: [ErrUnsupported].
func (b *Blank) Remove(int) error { return ErrUnsupported }

// Close has nothing to release.
func (b *Blank) Close() error { return nil }

// Read refuses with ENOSYS.
func (b *Blank) Read(int, []byte) (int, Errno) { return 0, syscall.ENOSYS }

// Write refuses with ENOSYS.
func (b *Blank) Write(int, []byte) (int, Errno) { return 0, syscall.ENOSYS }

// Writev refuses with ENOSYS.
func (b *Blank) Writev(int, [][]byte) (int, Errno) { return 0, syscall.ENOSYS }

// Accept refuses with ENOSYS.
func (b *Blank) Accept(int) (int, netip.AddrPort, Errno) {
	return -1, netip.AddrPort{}, syscall.ENOSYS
}

// Shutdown does nothing.
func (b *Blank) Shutdown(int) {}

// Discard does nothing.
func (b *Blank) Discard(int) {}

// CloseFD does nothing.
func (b *Blank) CloseFD(int) {}
