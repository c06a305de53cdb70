package http1

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/http1/wire"
	"github.com/fasterapi/fasterapi/reactor"
)

// core is the share of a server that one reactor owns.
//
// Owner: reactor; atomics, arrivals, turns, listening and elsewhere: any.
type core struct {
	server    *Server
	reactor   *reactor.Reactor
	arrivals  arrivals
	listening struct { // the open listeners
		sync.Mutex
		all []*listener
	}
	// abandoned: listeners were closed while the reactor was stuck; it has to
	// forget their descriptors, which may be others' by now.
	abandoned atomic.Bool
	// conns is a ring of the open connections, with this sentinel.
	conns  conn
	count  int
	unsent *exchange.Unsent
	// turns are those of handshakes, unshaken who waits to begin one.
	turns    turns
	unshaken []*conn
	date     wire.Date
	opening  opening
	// unwatch ends the help of the watchdog.
	unwatch func()
	// spawn runs the task of a lent connection: Worker of the reactor, but in tests.
	spawn func(async.Task)
	queue *exchange.Queue

	draining atomic.Bool
	// emptied is closed when the last connection of a draining core is gone.
	emptied  chan struct{}
	done     bool // it is closed
	refused  atomic.Uint64
	expired  atomic.Uint64
	accepted atomic.Uint64
	// unsecured counts the handshakes that have failed.
	unsecured atomic.Uint64
	elsewhere elsewhere
}

func newCore(s *Server, r *reactor.Reactor) *core {
	c := &core{server: s, reactor: r, emptied: make(chan struct{}), spawn: r.Worker, queue: exchange.NewQueue(r, s.cfg.Arrivals)}
	c.turns.most = s.cfg.MaxHandshakes
	c.conns.next, c.conns.prev = &c.conns, &c.conns
	c.unsent = exchange.NewUnsent(r, s.cfg.MaxUnsent, s.cfg.Logger, r.Now)
	return c
}

// open starts a connection on an accepted descriptor. While the core drains it
// gets one answer, if its request is there already.
func (k *core) open(fd int, remote netip.AddrPort) {
	c := &conn{core: k, remote: remote}
	c.timer.Task = (*alarm)(c)
	c.socket.Open(k.reactor.Poller(), fd)
	if k.abandoned.Load() {
		k.forgetListeners()
	}
	if k.done || k.reactor.Register(fd, c) != nil {
		k.reactor.Poller().CloseFD(fd)
		k.reactor.ConnClosed()
		return
	}
	c.prev, c.next = k.conns.prev, &k.conns
	c.prev.next, c.next.prev = c, c
	c.listed = true
	k.count++
	k.accepted.Add(1)
	if k.server.cfg.TLS != nil {
		c.phase = securing
	}
	c.expect(k.server.cfg.HeadTimeout)
	if k.draining.Load() {
		c.lookOnce()
	}
}

// release ends the reactor's part in a connection; its descriptor stays open, and
// counts until gone is called.
func (k *core) release(c *conn) {
	if c.listed {
		k.reactor.Deregister(c.socket.FD())
		k.unlist(c)
	}
}

// forget closes the descriptor of a connection that has ended.
func (k *core) forget(c *conn) {
	if c.listed {
		k.reactor.CloseFD(c.socket.FD())
		k.unlist(c)
		k.gone()
	}
}

func (k *core) unlist(c *conn) {
	c.listed = false
	c.prev.next, c.next.prev = c.next, c.prev
	c.prev, c.next = nil, nil
	k.reactor.Disarm(&c.timer)
	k.count--
	k.checkEmptied()
}

// gone says that a connection of the core counts no more. Any goroutine.
func (k *core) gone() {
	k.reactor.ConnClosed()
	if k.server.full.Load() {
		k.server.retryAccept()
	}
}

// lastResponses tells whether each response is the last one of its connection. Any
// goroutine.
func (k *core) lastResponses() bool { return k.draining.Load() || k.server.lastResponses.Load() }

func (k *core) checkEmptied() {
	if k.count == 0 && k.draining.Load() && !k.done {
		k.done = true
		close(k.emptied)
	}
}

// drain stops accepting and closes the idle connections; the others close
// after their current response. One whose request has arrived but was not read
// yet counts as one of the others.
func (k *core) drain() {
	if k.draining.Load() {
		return
	}
	k.closeListeners()
	k.draining.Store(true)
	k.checkEmptied()
	k.each(func(c *conn) {
		// One on loan looks at draining when it comes back.
		if c.owner.Load() == ownedByReactor && c.phase == reading && c.head != timedHead && c.socket.Pending() == 0 {
			c.lookOnce()
		}
	})
	k.endHandshakes()
}

func (k *core) closeListeners() {
	for _, l := range k.openListeners() {
		l.close()
	}
	k.listening.Lock()
	defer k.listening.Unlock()
	k.listening.all = nil
}

// lookOnce reads what there may be; an idle connection of a draining core
// closes when there is nothing.
func (c *conn) lookOnce() {
	c.readable = true
	c.resumeLater()
}

// cut ends every connection. Exchanges on loan are cancelled and close when
// their handler returns.
func (k *core) cut(cause error) {
	k.queue.Release()
	k.each(func(c *conn) {
		if c.owner.Load() != onLoan || !c.cutLoan(cause) {
			c.abortFor(cause)
		}
	})
}

// each calls f for every connection; f may close any of them.
func (k *core) each(f func(*conn)) {
	all := make([]*conn, 0, k.count)
	for c := k.conns.next; c != &k.conns; c = c.next {
		all = append(all, c)
	}
	for _, c := range all {
		if c.listed {
			f(c)
		}
	}
}

// sinceEpoch is the coarse clock of the core; never zero. Reactor only.
func (k *core) sinceEpoch() time.Duration { return k.reactor.Elapsed() + time.Second }

// appendDate appends the Date field.
func (k *core) appendDate(out []byte, onReactor bool) []byte {
	if onReactor {
		return k.date.Append(out, k.reactor.Now())
	}
	return append(out, k.elsewhere.present().date...)
}

// countExpired counts a connection that ran into a timeout.
func (k *core) countExpired() {
	k.expired.Add(1)
	k.reactor.CountExpired()
}

// countUnsecured counts a handshake that has failed.
func (k *core) countUnsecured() {
	k.unsecured.Add(1)
	k.reactor.CountUnsecured()
}
