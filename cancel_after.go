package fasterapi

import (
	"context"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/async"
)

// CancelAfter ends c after d, as if the client had left, but with
// context.DeadlineExceeded: what the handler awaits fails, and the database is
// told. A handler that returns such an error is answered with 504. Code that
// does not look at c runs on. stop takes it back and tells whether it was too
// late; the end of the handler does so too.
func (c *Ctx) CancelAfter(d time.Duration) (stop func() (expired bool)) {
	if at := c.app.now().Add(d); c.stages.deadline.IsZero() || at.Before(c.stages.deadline) {
		c.stages.deadline = at
	}
	if c.direct {
		stop = c.cancelAfterDirect(d)
	} else {
		e := &expiry{c: c}
		e.mu.Lock()
		e.timer = c.app.afterFunc(d, e.fire)
		e.mu.Unlock()
		stop = e.stop
	}
	c.OnEnd(func(*Ctx) { stop() })
	return stop
}

// cancelAfterDirect is CancelAfter on the reactor.
func (c *Ctx) cancelAfterDirect(d time.Duration) (stop func() bool) {
	expired := false
	timer := c.reactor.After(d, async.TaskFunc(func() {
		expired = true
		c.expire()
		if c.coroutine != nil {
			c.coroutine.Interrupt(context.DeadlineExceeded)
		}
	}))
	return func() bool {
		timer.Stop()
		return expired
	}
}

// expire ends c because it took too long.
func (c *Ctx) expire() {
	c.expired.Store(true)
	c.cancel()
}

// expiry is CancelAfter on a goroutine.
//
// Owner: mu.
type expiry struct {
	mu      sync.Mutex
	timer   alarm
	c       *Ctx // nil once stopped
	expired bool
}

func (e *expiry) fire() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.c != nil {
		e.expired = true
		e.c.expire()
	}
}

// stop waits for a fire that is under way: c belongs to the next request soon.
func (e *expiry) stop() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.timer.Stop()
	e.c = nil
	return e.expired
}
