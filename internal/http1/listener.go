package http1

import (
	"log/slog"
	"sync"
	"syscall"
	"time"

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
// Owner: reactor. fd and closed: mu, because the watchdog accepts while the
// reactor is stuck.
type listener struct {
	core *core
	mu   sync.Mutex
	fd   int
	// retry runs accept again after a pause.
	retry reactor.Timer
	// complained is when the last fault was logged: once a second is enough.
	complained time.Time
	closed     bool // fd is not ours any more
	// registered: the reactor knows fd.
	registered bool
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
	target := l.core.server.room(l.core.server.leastLoaded())
	if target == nil {
		return false
	}
	a, open := l.take()
	switch {
	case !open:
		return false
	case a.errno == 0:
		l.place(target, a)
		return true
	case poll.Again(a.errno):
		return false
	case a.errno == syscall.EINTR, a.errno == syscall.ECONNABORTED:
		return true
	default: // EMFILE, ENFILE, ENOBUFS, ENOMEM, or a fault of the listener
		l.complain(a.errno)
		l.core.reactor.Arm(&l.retry, acceptBackoff)
		return false
	}
}

// take accepts for acceptOne and help; false: the listener is closed.
func (l *listener) take() (a accepted, open bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return a, false
	}
	a.fd, a.remote, a.errno = l.core.reactor.Poller().Accept(l.fd)
	return a, true
}

// place gives a new connection to its core. Reactor only.
func (l *listener) place(target *core, a accepted) {
	if target != l.core {
		target.receive(a)
		return
	}
	target.reactor.ConnOpened()
	target.open(a.fd, a.remote)
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
	for l.acceptOne() {
	}
	l.core.reactor.Disarm(&l.retry)
	l.unregister()
	l.closeFD()
}

// unregister lets the reactor forget the descriptor. Reactor only.
func (l *listener) unregister() {
	if l.registered {
		l.registered = false
		l.core.reactor.Deregister(l.fd)
	}
}

// dup returns a second descriptor of the listener. Any goroutine.
func (l *listener) dup() (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return -1, ErrServerClosed
	}
	return poll.Dup(l.fd)
}

// closeFD closes the descriptor. Any goroutine.
func (l *listener) closeFD() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.closed = true
		l.core.reactor.Poller().CloseFD(l.fd)
	}
}
