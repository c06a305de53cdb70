package http1

import (
	"context"
	"slices"
	"time"

	"github.com/fasterapi/fasterapi/internal/exchange"
)

// While a core is stuck in a handler, the watchdog of its reactor accepts in its
// place and gives the connections to the others. The kernel goes on giving the
// listener of the core its share of the new ones (SO_REUSEPORT), and closing it
// would reset those that wait there. When all cores are stuck they stay in the
// kernel's queue: nobody could answer them.

// helpBatch is how many connections the watchdog accepts at each of its looks,
// which are half a stall threshold apart: 80,000 a second by default.
const helpBatch = 1024

// whileStuck is called by the watchdog, with 0 when the reactor turns again.
func (k *core) whileStuck(held time.Duration) {
	if held == 0 {
		k.server.retryAccept() // it counts again for what may be open
		return
	}
	k.reclaim()
	for _, l := range k.openListeners() {
		l.help()
	}
}

// openListeners are the listeners of the core. Any goroutine.
func (k *core) openListeners() []*listener {
	k.listening.Lock()
	defer k.listening.Unlock()
	return slices.Clone(k.listening.all)
}

// help accepts for a core that is stuck. Any goroutine.
func (l *listener) help() {
	for range helpBatch {
		target := l.core.server.helper()
		if target == nil {
			return
		}
		a, open := l.take()
		if !open || a.errno != 0 {
			return
		}
		target.receive(a)
	}
}

// helper is a core that turns and may take one more connection; nil: there is none.
func (s *Server) helper() *core {
	k := s.room(s.leastLoaded())
	if k == nil || k.reactor.Stuck() > 0 {
		return nil
	}
	return k
}

// reclaim gives what was accepted for a core that is stuck, and not opened yet, to
// the others. Any goroutine.
func (k *core) reclaim() {
	if k.server.helper() == nil {
		return
	}
	waiting := k.arrivals.take()
	for i, a := range waiting {
		target := k.server.helper()
		if target == nil {
			k.giveBack(waiting[i:])
			return
		}
		k.reactor.ConnClosed()
		target.receive(a)
	}
}

// abandon closes the listeners of a core that is stuck while the server shuts
// down, when others have what waits there. The reactor forgets them when it turns
// again. Any goroutine.
func (k *core) abandon() {
	k.reclaim()
	k.abandoned.Store(true)
	for _, l := range k.openListeners() {
		l.help()
		l.closeFD()
	}
}

// forgetListeners lets the reactor forget the listeners that were closed while it
// was stuck: a new connection may have the number of one.
func (k *core) forgetListeners() {
	for _, l := range k.openListeners() {
		l.mu.Lock()
		closed := l.closed
		l.mu.Unlock()
		if closed {
			l.unregister()
		}
	}
}

// stuckLook is how often a shutdown looks whether a core has become stuck.
const stuckLook = 10 * time.Millisecond

// awaitClosed waits for the cores to close their listeners, and does it for those
// that are stuck while another one turns. It does it for all when ctx ends.
func (s *Server) awaitClosed(ctx context.Context, waits []<-chan struct{}) error {
	look := time.NewTicker(stuckLook)
	defer look.Stop()
	for i, k := range s.cores {
		for waiting := true; waiting; {
			select {
			case <-waits[i]:
				waiting = false
			case <-ctx.Done():
				s.abandonFrom(i, waits)
				return ctx.Err()
			case <-look.C:
				if k.reactor.Stuck() > 0 && s.helper() != nil {
					k.abandon()
					waiting = false
				}
			}
		}
	}
	return nil
}

// abandonFrom abandons the cores from i on that have not closed their listeners.
func (s *Server) abandonFrom(i int, waits []<-chan struct{}) {
	for ; i < len(s.cores); i++ {
		select {
		case <-waits[i]:
		default:
			s.cores[i].abandon()
		}
	}
}

// cutGrace is how long cutting off waits to learn what was cut, of cores that are not known to be stuck. A core that waits
// for a processor may take a second; DrainDelay and DrainTimeout leave 5 s of the 30 s that Kubernetes gives.
const cutGrace = 2 * time.Second

// cut ends all connections and tells, for a message, what was being answered on the
// cores that turn.
func (s *Server) cut() string {
	var names exchange.Names
	var waits []<-chan struct{}
	for _, k := range s.cores {
		done := k.do(func() {
			k.each(func(c *conn) { c.nameTo(&names) })
			k.cut(ErrServerClosed)
		})
		if k.reactor.Stuck() == 0 {
			waits = append(waits, done)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), cutGrace)
	defer cancel()
	_ = await(ctx, waits) // else some names are missing
	return names.String()
}

// nameTo adds what the connection is answering to names. Its handler may be at
// work on a goroutine.
func (c *conn) nameTo(names *exchange.Names) {
	namer, ok := c.core.server.handler.(exchange.Namer)
	if !ok {
		return
	}
	c.loan.mu.Lock()
	defer c.loan.mu.Unlock()
	if c.owner.Load() == onLoan && !c.loan.live || c.owner.Load() != onLoan && c.phase != serving {
		return
	}
	names.Add(namer.Name(c.x))
}
