package http1

import (
	"log/slog"
	"net/netip"
	"syscall"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/poll"
	"github.com/fasterapi/fasterapi/reactor"
)

const (
	// acceptBatch is how many connections are accepted before other work of
	// the core gets its turn.
	acceptBatch = 64
	// acceptBackoff is the pause after running out of descriptors or memory.
	acceptBackoff = 100 * time.Millisecond
)

// listener accepts connections for the cores of a server.
//
// Owner: reactor.
type listener struct {
	core *core
	fd   int
	// retry runs accept again after a pause.
	retry reactor.Timer
	// complained is when the last fault was logged: once a second is enough.
	complained time.Time
	closed     bool
}

// Ready implements [reactor.IO].
func (l *listener) Ready(poll.Ready) { l.Run() }

// Run accepts what waits. It implements [async.Task].
func (l *listener) Run() {
	for range acceptBatch {
		if !l.acceptOne() {
			return
		}
	}
	l.core.reactor.Schedule(l)
}

// acceptOne accepts one connection; false: stop for now.
func (l *listener) acceptOne() bool {
	if l.closed {
		return false
	}
	target := l.core.server.room(l.core.server.leastLoaded())
	if target == nil {
		return false
	}
	fd, remote, errno := l.core.reactor.Poller().Accept(l.fd)
	switch {
	case errno == 0:
		l.place(target, fd, remote)
		return true
	case poll.Again(errno):
		return false
	case errno == syscall.EINTR, errno == syscall.ECONNABORTED:
		return true
	default: // EMFILE, ENFILE, ENOBUFS, ENOMEM, or a fault of the listener
		l.complain(errno)
		l.core.reactor.Arm(&l.retry, acceptBackoff)
		return false
	}
}

// place gives a new connection to its core.
func (l *listener) place(target *core, fd int, remote netip.AddrPort) {
	target.reactor.ConnOpened()
	if target == l.core {
		target.open(fd, remote)
		return
	}
	if !target.reactor.Post(async.TaskFunc(func() { target.open(fd, remote) })) {
		target.reactor.ConnClosed()
		l.core.reactor.Poller().CloseFD(fd)
	}
}

func (l *listener) complain(errno poll.Errno) {
	now := l.core.reactor.Now()
	if now.Sub(l.complained) < time.Second {
		return
	}
	l.complained = now
	l.core.server.cfg.Logger.Error("cannot accept connections; trying again",
		slog.Int("core", l.core.reactor.Core()), slog.String("error", errno.Error()),
		slog.Duration("pause", acceptBackoff))
}

// close takes the connections that are already in the accept queue, which
// closing would reset, and closes the listener.
func (l *listener) close() {
	if l.closed {
		return
	}
	for l.acceptOne() {
	}
	l.closed = true
	l.core.reactor.Disarm(&l.retry)
	l.core.reactor.Deregister(l.fd)
	l.core.reactor.Poller().CloseFD(l.fd)
}
