package async

import (
	"context"
	"sync"
	"time"
)

// ErrTimeout is the error of a future that took longer than its [Future.Timeout].
// errors.Is(ErrTimeout, context.DeadlineExceeded) is true.
var ErrTimeout error = timeoutError{}

// timeoutError is the type of ErrTimeout.
//
// Owner: any (immutable once made).
type timeoutError struct{}

func (timeoutError) Error() string   { return "async: timeout" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }
func (timeoutError) Unwrap() error   { return context.DeadlineExceeded }

// Timeout gives f until d from now. When that is over, what is behind f is
// cancelled with [ErrTimeout] as the cause, and the error comes down the chain
// to here; a Recover on the way sees it and may answer in its place. The clock
// is that of the scheduler of f.
func (f Future[T]) Timeout(d time.Duration) Future[T] {
	s := f.state
	if s == nil || s.node.isSettled() {
		return f
	}
	t := &step[T, timeout]{}
	t.out.node.up = &t.maker
	if !t.maker.begin(s, &t.out, d) {
		return s.ready()
	}
	return t.out.future()
}

// timeout is a pending Timeout.
//
// Owner: the scheduler of src. from: immutable.
type timeout struct {
	src, out cell
	from     origin
	clock    clock
}

// begin makes t the consumer of src. It returns false when that is settled.
func (t *timeout) begin(src, out cell, d time.Duration) bool {
	n := src.base()
	t.src, t.out, t.from = src, out, n.up
	t.clock.sched, t.clock.delay, t.clock.fire = n.up.scheduler(), d, t.expire
	if !n.attach(t) {
		return false
	}
	if t.clock.sched != nil {
		t.clock.arm()
	}
	return true
}

func (t *timeout) expire()                 { cancelUp(t.from, ErrTimeout) }
func (t *timeout) scheduler() Scheduler    { return t.clock.sched }
func (t *timeout) cancel(err error) origin { return t.from }

func (t *timeout) start(s Scheduler, direct bool) origin {
	t.clock.sched = s
	t.clock.arm()
	return t.from
}

func (t *timeout) Run() { drive(t, t) }

func (t *timeout) resume() continuation {
	src := t.src
	t.src = nil
	t.clock.stop()
	return t.out.take(src)
}

// clock is a timer that may be armed and stopped from any goroutine: it does
// both on the scheduler.
//
// Owner: mu. sched, delay, fire: immutable once armed.
type clock struct {
	sched Scheduler
	delay time.Duration
	fire  func() // on the scheduler, or a plain goroutine when that has stopped

	mu    sync.Mutex
	timer Timer
	over  bool
}

// arm starts the clock from any goroutine, through the scheduler's mailbox. The
// timers of one that has stopped do not fire: then the runtime's do.
func (c *clock) arm() {
	if !c.sched.Post((*arming)(c)) {
		c.set(background{})
	}
}

func (c *clock) set(s Scheduler) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		c.timer = s.After(c.delay, c)
	}
}

// arming is a clock as the task that arms it.
//
// Owner: as clock.
type arming clock

func (c *arming) Run() { (*clock)(c).set(c.sched) }

// Run is the timer's task.
func (c *clock) Run() {
	c.mu.Lock()
	over := c.over
	c.over, c.timer = true, nil
	c.mu.Unlock()
	if !over {
		c.fire()
	}
}

// stop ends the clock; fire will not be called after. Owner only.
func (c *clock) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
}

// disarming is a clock as the task that stops it.
//
// Owner: as clock.
type disarming clock

func (c *disarming) Run() { (*clock)(c).stop() }

// abandon is stop for any goroutine.
func (c *clock) abandon() {
	c.mu.Lock()
	c.over = true
	armed := c.timer != nil
	c.mu.Unlock()
	if armed {
		post(c.sched, (*disarming)(c))
	}
}
