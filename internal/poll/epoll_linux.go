package poll

import (
	"fmt"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// batch is how many events one epoll_wait fetches: 3 KiB.
	batch = 256
	// wakeFD marks the eventfd's events; no descriptor is negative.
	wakeFD = -1
)

// past is a read deadline that ends a wait at once.
var past = time.Unix(1, 0)

// epoll nests its epoll descriptor in Go's network poller to park. It wakes
// by moving the read deadline of that descriptor into the past, which makes
// the goroutine runnable without a system call and without waiting for
// somebody to look at the network poller.
//
// Owner: reactor; woken any (atomic).
type epoll struct {
	fd     int
	raw    [batch]unix.EpollEvent
	start  int // raw[start:end] was fetched by Park for the next Wait
	end    int
	woken  atomic.Bool
	file   *os.File // of fd; nil once pinned
	conn   syscall.RawConn
	check  func(uintptr) bool
	wakeup int       // eventfd; -1 unless pinned
	until  time.Time // the deadline that file has
	stale  bool      // until is not what file has
}

// New returns a poller of this platform.
func New(o Options) (Poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("poll: epoll_create1: %w", err)
	}
	p := &epoll{fd: fd, wakeup: -1}
	if o.Pin {
		err = p.openEventFD()
	} else {
		err = p.nest()
	}
	if err != nil {
		_ = p.Close()
		return nil, err
	}
	return p, nil
}

func (p *epoll) openEventFD() error {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return fmt.Errorf("poll: eventfd: %w", err)
	}
	// Edge-triggered: every write is an event, so nobody has to read it.
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: wakeFD}
	if err := unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
		_ = unix.Close(fd)
		return fmt.Errorf("poll: epoll_ctl: %w", err)
	}
	p.wakeup = fd
	return nil
}

func (p *epoll) nest() error {
	// os.NewFile only hands non-blocking descriptors to the network poller.
	if err := unix.SetNonblock(p.fd, true); err != nil {
		return fmt.Errorf("poll: set non-blocking: %w", err)
	}
	file := os.NewFile(uintptr(p.fd), "epoll")
	p.file = file // owns the descriptor from here on
	conn, err := file.SyscallConn()
	if err == nil {
		err = file.SetReadDeadline(time.Time{})
	}
	if err != nil {
		return fmt.Errorf("poll: nest epoll in the runtime's poller: %w", err)
	}
	p.conn, p.check = conn, p.ready
	return nil
}

// Wait hands out what Park fetched, else asks the kernel.
func (p *epoll) Wait(events []Event) int {
	if p.start == p.end {
		p.start, p.end = 0, sysWait(p.fd, p.raw[:min(len(events), batch)])
	}
	n := 0
	for p.start < p.end && n < len(events) {
		raw := &p.raw[p.start]
		p.start++
		if raw.Fd == wakeFD {
			continue
		}
		events[n] = Event{FD: int(raw.Fd), Gen: uint32(raw.Pad), Ready: bits(raw.Events)}
		n++
	}
	return n
}

func bits(e uint32) Ready {
	var r Ready
	if e&(unix.EPOLLIN|unix.EPOLLPRI) != 0 {
		r |= In
	}
	if e&unix.EPOLLOUT != 0 {
		r |= Out
	}
	if e&unix.EPOLLRDHUP != 0 {
		r |= Hangup
	}
	if e&(unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		r |= Closed
	}
	return r
}

// Park waits in Go's network poller, or in the kernel when pinned.
func (p *epoll) Park(deadline time.Time) {
	if p.start < p.end {
		return
	}
	if p.wakeup >= 0 {
		p.block(deadline)
	} else {
		p.arm(deadline)
		if p.conn.Read(p.check) != nil {
			// The deadline passed, or Wake moved it: now, or, late, after the
			// Park that it was meant for. That costs one return for no reason.
			p.stale = true
		}
	}
	if p.woken.Load() {
		p.woken.Store(false)
	}
}

// ready is called by the network poller: before it waits, and on every edge
// of the nested descriptor.
func (p *epoll) ready(uintptr) bool {
	if p.woken.Load() {
		return true
	}
	p.start, p.end = 0, sysWait(p.fd, p.raw[:])
	return p.end > 0
}

// arm makes the wait end at the deadline or before. Moving a deadline costs
// about 150 ns, so one that is still to come and early enough stays: it can
// only end the wait too early.
func (p *epoll) arm(deadline time.Time) {
	early := !p.until.IsZero() && (deadline.IsZero() || !p.until.After(deadline))
	if !p.stale && (early || p.until.IsZero() && deadline.IsZero()) {
		return
	}
	p.until, p.stale = deadline, false
	_ = p.file.SetReadDeadline(deadline) // fails only once closed; then Read returns at once
}

// block waits in the kernel, telling Go's scheduler.
func (p *epoll) block(deadline time.Time) {
	timeout := -1
	if !deadline.IsZero() {
		// Round up: coming early would only spin.
		timeout = max(0, int((time.Until(deadline)+time.Millisecond-1)/time.Millisecond))
	}
	if p.woken.Load() {
		return
	}
	n, err := unix.EpollWait(p.fd, p.raw[:], timeout)
	if err != nil {
		n = 0 // EINTR: a return for no reason
	}
	p.start, p.end = 0, n
}

// Wake ends the current Park, or else the next one.
func (p *epoll) Wake() {
	if p.woken.Swap(true) {
		return
	}
	if p.wakeup >= 0 {
		one := [8]byte{1}
		_, _ = unix.Write(p.wakeup, one[:])
		return
	}
	_ = p.file.SetReadDeadline(past)
}

// Add registers fd for both directions; gen comes back with every event.
func (p *epoll) Add(fd int, gen uint32) error {
	ev := unix.EpollEvent{
		Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET,
		Fd:     int32(fd),
		Pad:    int32(gen),
	}
	if err := unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
		return fmt.Errorf("poll: register descriptor %d: %w", fd, err)
	}
	return nil
}

// Remove ends the registration of fd.
func (p *epoll) Remove(fd int) error {
	if err := unix.EpollCtl(p.fd, unix.EPOLL_CTL_DEL, fd, nil); err != nil {
		return fmt.Errorf("poll: deregister descriptor %d: %w", fd, err)
	}
	return nil
}

// Close closes the poller's descriptors.
func (p *epoll) Close() error {
	if p.wakeup >= 0 {
		_ = unix.Close(p.wakeup)
	}
	if p.file == nil {
		return unix.Close(p.fd)
	}
	return p.file.Close()
}

func (p *epoll) Read(fd int, b []byte) (int, Errno)         { return sysRead(fd, b) }
func (p *epoll) Write(fd int, b []byte) (int, Errno)        { return sysWrite(fd, b) }
func (p *epoll) Writev(fd int, bufs [][]byte) (int, Errno)  { return sysWritev(fd, bufs) }
func (p *epoll) Accept(fd int) (int, netip.AddrPort, Errno) { return sysAccept(fd) }

// Shutdown closes the writing half of fd.
func (p *epoll) Shutdown(fd int) { _ = unix.Shutdown(fd, unix.SHUT_WR) }

// Discard lets the kernel drop what it has not sent when fd is closed.
func (p *epoll) Discard(fd int) { discard(fd) }

// CloseFD closes fd. A close(2) of a socket does not block here: the only linger that
// is set is that of Discard, which is no time at all.
func (p *epoll) CloseFD(fd int) {
	_, _, _ = syscall.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0)
}
