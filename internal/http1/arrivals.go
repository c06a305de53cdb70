package http1

import (
	"net/netip"
	"sync"

	"github.com/fasterapi/fasterapi/internal/poll"
)

// accepted is what accept(2) has returned.
//
// Owner: whoever has it: it is passed on, never shared.
type accepted struct {
	fd     int
	remote netip.AddrPort
	errno  poll.Errno
}

// arrivals are connections that others have accepted for a core and that it has
// not opened yet. They are a list and not tasks of the reactor, so that they can be
// taken back when it turns out to be stuck.
//
// Owner: mu.
type arrivals struct {
	mu      sync.Mutex
	waiting []accepted
}

// add reports whether a is the first one: nobody has told the reactor yet.
func (l *arrivals) add(a accepted) (first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, a)
	return len(l.waiting) == 1
}

// take returns all of them and leaves none.
func (l *arrivals) take() []accepted {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.waiting
	l.waiting = nil
	return all
}

// receive takes a connection that somebody else has accepted. Any goroutine.
func (k *core) receive(a accepted) {
	k.reactor.ConnOpened()
	if k.arrivals.add(a) && !k.reactor.Post((*arrived)(k)) {
		k.refuseArrivals()
	}
}

// giveBack is receive for what was taken from the core, which counts it still.
func (k *core) giveBack(all []accepted) {
	for _, a := range all {
		if k.arrivals.add(a) && !k.reactor.Post((*arrived)(k)) {
			k.refuseArrivals()
		}
	}
}

// refuseArrivals closes them, because the reactor has ended.
func (k *core) refuseArrivals() {
	for _, a := range k.arrivals.take() {
		k.reactor.ConnClosed()
		k.reactor.Poller().CloseFD(a.fd)
	}
}

// arrived is a core that has arrivals.
//
// Owner: reactor.
type arrived core

// Run implements [async.Task].
func (a *arrived) Run() {
	k := (*core)(a)
	for _, a := range k.arrivals.take() {
		k.open(a.fd, a.remote)
	}
}
