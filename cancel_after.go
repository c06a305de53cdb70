package fasterapi

import (
	"context"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/reactor"
)

// CancelAfter ends c after d, as if the client had left, but with
// context.DeadlineExceeded: what the handler awaits fails, and the database is
// told. A handler that returns such an error is answered with 504. Code that
// does not look at c runs on. stop disarms the timer and reports whether it had
// fired; the end of the handler does so too. Any goroutine may call it, at any time.
func (c *Ctx) CancelAfter(d time.Duration) (stop func() (expired bool)) {
	if c.Err() != nil {
		over := c.state.Load() == expired
		return func() bool { return over }
	}
	at := c.app.now().Add(d)
	c.mu.Lock()
	if l := c.living(); l.deadline.IsZero() || at.Before(l.deadline) {
		l.deadline = at
	}
	c.mu.Unlock()
	e := &expiry{c: c, direct: c.reactor.Here().Direct}
	e.arm(d)
	c.OnEnd(func(*Ctx) { e.stop() })
	return e.stop
}

// expiry is one call of CancelAfter.
//
// Owner: mu. timer, when direct: reactor.
type expiry struct {
	mu     sync.Mutex
	c      *Ctx // nil once stopped or fired
	fired  bool
	direct bool // the timer is one of the reactor
	timer  interface{ Stop() bool }
}

func (e *expiry) arm(d time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.direct {
		e.timer = e.c.reactor.After(d, async.TaskFunc(e.fire))
	} else {
		e.timer = e.c.app.afterFunc(d, e.fire)
	}
}

func (e *expiry) fire() {
	e.mu.Lock()
	c := e.c
	e.c, e.fired = nil, e.fired || c != nil
	e.mu.Unlock()
	if c == nil {
		return
	}
	c.end(expired)
	switch {
	case e.direct:
		c.interrupt()
	case c.ownCoroutine() != nil: // it watches nothing else
		c.reactor.Post(async.TaskFunc(c.interrupt)) // false: the reactor has ended, and it with that
	}
}

// ownCoroutine is what the handler runs on, nil when it runs on none.
func (c *Ctx) ownCoroutine() *reactor.Coroutine {
	return read(c, func(r *request) *reactor.Coroutine { return r.coroutine })
}

// interrupt tells a handler on a coroutine that its time is over. Reactor only.
func (c *Ctx) interrupt() {
	if co := c.ownCoroutine(); co != nil {
		co.Interrupt(context.DeadlineExceeded)
	}
}

func (e *expiry) stop() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c := e.c; c != nil {
		e.c = nil
		if !e.direct || c.reactor.Here().Direct { // else it fires for nothing
			e.timer.Stop()
		}
	}
	return e.fired
}
