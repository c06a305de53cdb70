//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package poll

import (
	"fmt"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// kqueue parks by blocking in kevent and wakes through a pipe. It is compiled
// by CI for darwin, and has not been measured.
//
// Owner: reactor; woken any (atomic).
type kqueue struct {
	fd    int
	pipe  [2]int
	raw   [256]unix.Kevent_t
	gen   [256]uint32 // of raw, as it was when raw was fetched
	start int         // raw[start:end] was fetched by Park for the next Wait
	end   int
	gens  map[int]uint32 // by descriptor; those of closed ones are overwritten
	woken atomic.Bool
}

// New returns a poller of this platform; Options.Pin changes nothing here.
func New(Options) (Poller, error) {
	fd, err := unix.Kqueue()
	if err != nil {
		return nil, fmt.Errorf("poll: kqueue: %w", err)
	}
	unix.CloseOnExec(fd)
	p := &kqueue{fd: fd, gens: make(map[int]uint32)}
	if err := p.openPipe(); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return p, nil
}

func (p *kqueue) openPipe() error {
	if err := unix.Pipe(p.pipe[:]); err != nil {
		return fmt.Errorf("poll: pipe: %w", err)
	}
	for _, fd := range p.pipe {
		unix.CloseOnExec(fd)
		_ = unix.SetNonblock(fd, true)
	}
	var change [1]unix.Kevent_t
	unix.SetKevent(&change[0], p.pipe[0], unix.EVFILT_READ, unix.EV_ADD|unix.EV_CLEAR)
	if _, err := unix.Kevent(p.fd, change[:], nil, nil); err != nil {
		_ = unix.Close(p.pipe[0])
		_ = unix.Close(p.pipe[1])
		return fmt.Errorf("poll: kevent: %w", err)
	}
	return nil
}

// Wait hands out what Park fetched, else asks the kernel.
func (p *kqueue) Wait(events []Event) int {
	if p.start == p.end {
		p.fetch(min(len(events), len(p.raw)), &unix.Timespec{})
	}
	n := 0
	for p.start < p.end && n < len(events) {
		raw, gen := &p.raw[p.start], p.gen[p.start]
		p.start++
		fd := int(raw.Ident)
		if fd == p.pipe[0] {
			p.drain()
			continue
		}
		events[n] = Event{FD: fd, Gen: gen, Ready: keventBits(raw)}
		n++
	}
	return n
}

func (p *kqueue) fetch(limit int, timeout *unix.Timespec) {
	n, err := unix.Kevent(p.fd, nil, p.raw[:limit], timeout)
	if err != nil {
		n = 0 // EINTR: a return for no reason
	}
	p.start, p.end = 0, n
	// Now: between Park and Wait a descriptor may be closed and its number be
	// registered again, and this event is not of the new one.
	for i := range n {
		p.gen[i] = p.gens[int(p.raw[i].Ident)]
	}
}

func keventBits(raw *unix.Kevent_t) Ready {
	var r Ready
	if int(raw.Filter) == unix.EVFILT_READ {
		r = In
		if raw.Flags&unix.EV_EOF != 0 {
			r |= Hangup
		}
	} else {
		r = Out
		if raw.Flags&unix.EV_EOF != 0 {
			r |= Closed
		}
	}
	// At the end of a stream Fflags is the socket's error.
	failed := raw.Flags&unix.EV_EOF != 0 && raw.Fflags != 0
	if failed || raw.Flags&unix.EV_ERROR != 0 {
		r |= Closed
	}
	return r
}

func (p *kqueue) drain() {
	var sink [64]byte
	for {
		if n, err := unix.Read(p.pipe[0], sink[:]); n <= 0 || err != nil {
			return
		}
	}
}

// Park blocks in kevent.
func (p *kqueue) Park(deadline time.Time) {
	if p.start < p.end {
		return
	}
	if !p.woken.Load() {
		if deadline.IsZero() {
			p.fetch(len(p.raw), nil)
		} else {
			t := unix.NsecToTimespec(max(0, time.Until(deadline).Nanoseconds()))
			p.fetch(len(p.raw), &t)
		}
	}
	if p.woken.Load() {
		p.woken.Store(false)
	}
}

// Wake ends the current Park, or else the next one.
func (p *kqueue) Wake() {
	if !p.woken.Swap(true) {
		_, _ = unix.Write(p.pipe[1], []byte{1})
	}
}

// Add registers fd for both directions.
func (p *kqueue) Add(fd int, gen uint32) error {
	var change [2]unix.Kevent_t
	unix.SetKevent(&change[0], fd, unix.EVFILT_READ, unix.EV_ADD|unix.EV_CLEAR)
	unix.SetKevent(&change[1], fd, unix.EVFILT_WRITE, unix.EV_ADD|unix.EV_CLEAR)
	if _, err := unix.Kevent(p.fd, change[:], nil, nil); err != nil {
		return fmt.Errorf("poll: register descriptor %d: %w", fd, err)
	}
	p.gens[fd] = gen
	return nil
}

// Remove ends the registration of fd.
func (p *kqueue) Remove(fd int) error {
	delete(p.gens, fd)
	var change [2]unix.Kevent_t
	unix.SetKevent(&change[0], fd, unix.EVFILT_READ, unix.EV_DELETE)
	unix.SetKevent(&change[1], fd, unix.EVFILT_WRITE, unix.EV_DELETE)
	if _, err := unix.Kevent(p.fd, change[:], nil, nil); err != nil {
		return fmt.Errorf("poll: deregister descriptor %d: %w", fd, err)
	}
	return nil
}

// Close closes the poller's descriptors.
func (p *kqueue) Close() error {
	_ = unix.Close(p.pipe[0])
	_ = unix.Close(p.pipe[1])
	return unix.Close(p.fd)
}

func (p *kqueue) Read(fd int, b []byte) (int, Errno)  { return persist(unix.Read, fd, b) }
func (p *kqueue) Write(fd int, b []byte) (int, Errno) { return persist(unix.Write, fd, b) }

// persist makes a call again when a signal has interrupted it.
func persist(call func(int, []byte) (int, error), fd int, b []byte) (int, Errno) {
	for {
		if n, e := result(call(fd, b)); e != unix.EINTR {
			return n, e
		}
	}
}

// Writev writes the buffers one by one: not every BSD has writev in x/sys.
func (p *kqueue) Writev(fd int, bufs [][]byte) (int, Errno) {
	sum := 0
	for _, b := range bufs {
		n, e := p.Write(fd, b)
		sum += n
		if e != 0 && sum == 0 {
			return 0, e
		}
		if n < len(b) {
			break
		}
	}
	return sum, 0
}

// Accept takes one connection of listener fd.
func (p *kqueue) Accept(fd int) (int, netip.AddrPort, Errno) {
	syscall.ForkLock.RLock() // no child must get conn before it is close-on-exec
	defer syscall.ForkLock.RUnlock()
	for {
		conn, sa, err := unix.Accept(fd)
		if err == nil {
			unix.CloseOnExec(conn)
			_ = unix.SetNonblock(conn, true)
			return conn, addrPort(sa), 0
		}
		// ECONNABORTED: this one left before we came; accept(2) says go on.
		if _, e := result(0, err); e != unix.EINTR && e != unix.ECONNABORTED {
			return -1, netip.AddrPort{}, e
		}
	}
}

// Shutdown closes the writing half of fd.
func (p *kqueue) Shutdown(fd int) { _ = unix.Shutdown(fd, unix.SHUT_WR) }

// Discard lets the kernel drop what it has not sent when fd is closed.
func (p *kqueue) Discard(fd int) { discard(fd) }

// CloseFD closes fd, which ends its registration. Any goroutine may, so gens
// stays as it is.
func (p *kqueue) CloseFD(fd int) { _ = unix.Close(fd) }

func result(n int, err error) (int, Errno) {
	if err == nil {
		return n, 0
	}
	if e, ok := err.(syscall.Errno); ok {
		return 0, e
	}
	return 0, syscall.EIO
}
