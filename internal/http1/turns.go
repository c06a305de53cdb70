package http1

import (
	"slices"
	"sync"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
	"github.com/fasterapi/fasterapi/internal/poll"
)

// turnCame is what a connection on loan sees when it may go on with its handshake: an event
// that no poller reports.
const turnCame poll.Ready = 1 << 7

// turns are the places of those handshakes of a core that compute. One that waits for its client
// has given its place back, so that clients who stop in the middle keep nobody waiting; when they
// go on it takes its turn again, before those who have not begun.
//
// Owner: mu, which may be held when that of a loan is taken; most: any (immutable after New).
type turns struct {
	mu          sync.Mutex
	taken, most int
	// resuming are on loan and wait to go on.
	resuming []*conn
	// beginning: others wait on the reactor, in unshaken.
	beginning bool
}

// begin takes a place for a handshake that has not begun; without one the reactor hears of the
// next.
func (t *turns) begin() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.taken == t.most {
		t.beginning = true
		return false
	}
	t.taken++
	return true
}

// resume takes a place for c, which is on loan, or lets it wait for turnCame.
func (t *turns) resume(c *conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.taken == t.most {
		t.resuming = append(t.resuming, c)
		return false
	}
	t.taken++
	return true
}

// withdraw ends the waiting of c, and reports whether it had come to its end by itself: c has a
// place then.
func (t *turns) withdraw(c *conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := slices.Index(t.resuming, c)
	if at >= 0 {
		t.resuming = slices.Delete(t.resuming, at, at+1)
	}
	return at < 0
}

// leave gives a place back, or on to who waits to go on. It reports whether the reactor has to
// look who begins.
func (t *turns) leave() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.resuming) == 0 {
		t.taken--
		return t.beginning
	}
	next := t.resuming[0]
	t.resuming = slices.Delete(t.resuming, 0, 1)
	next.loan.mu.Lock()
	defer next.loan.mu.Unlock()
	next.loan.writing.seen |= turnCame
	next.loan.writing.signal(turnCame)
	return false
}

// free tells whether there is a place.
func (t *turns) free() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.taken < t.most
}

// allBegun says that nobody waits in unshaken any more.
func (t *turns) allBegun() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.beginning = false
}

// turn is that of a connection on loan.
//
// Owner: the goroutine that makes the handshake.
type turn struct {
	c *conn
	// has: c has a place.
	has bool
	// patience is how long the client may still be waited for, and c for its turn.
	patience exchange.Credit
}

// leave gives the place back, if c has one.
func (t *turn) leave() {
	if t.has && t.c.core.turns.leave() {
		t.c.core.reactor.Post((*turnFree)(t.c.core)) // false: it has ended, and nobody begins
	}
	t.has = false
}

// wait blocks until one of the events has come and c has a place to go on. It fails as [conn.wait] does.
func (t *turn) wait(events poll.Ready) error {
	t.leave()
	if err := t.c.wait(&t.c.loan.writing, events, &t.patience); err != nil {
		return err
	}
	return t.take()
}

// take blocks until c has a place to go on. It fails as [conn.wait] does.
func (t *turn) take() error {
	if t.c.core.turns.resume(t.c) {
		t.has = true
		return nil
	}
	err := t.c.wait(&t.c.loan.writing, turnCame, &t.patience)
	t.has = err == nil || t.c.core.turns.withdraw(t.c)
	return err
}

// turnFree is a core that has a place for a handshake which waits to begin.
//
// Owner: reactor.
type turnFree core

// Run implements [async.Task].
func (f *turnFree) Run() {
	k := (*core)(f)
	for len(k.unshaken) > 0 && k.turns.free() {
		c := k.unshaken[0]
		k.unshaken[0] = nil
		k.unshaken = k.unshaken[1:]
		c.inTurn = false
		if c.owner.Load() == ownedByReactor && c.phase == securing && !c.queued { // else its time is over, or it goes on itself
			c.advance()
		}
	}
	if len(k.unshaken) == 0 {
		k.unshaken = nil
		k.turns.allBegun()
	}
}

// mayShakeHands takes c's turn to begin its handshake, or lets it wait for that.
// Reactor only.
func (k *core) mayShakeHands(c *conn) bool {
	if k.turns.begin() {
		return true
	}
	if !c.inTurn {
		c.inTurn = true
		k.unshaken = append(k.unshaken, c)
	}
	return false
}

var _ async.Task = (*turnFree)(nil)
