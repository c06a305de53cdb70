package reactor

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/async"
)

// ManualClock is a clock for tests, which moves only by [ManualClock.Advance].
// In [Config].Clock it drives the timers of a group: what sleeps, times out or
// retries on its reactors waits for Advance, not for the time of day. Tasks, I/O
// and goroutines run as ever.
//
// Owner: any (atomic). start: immutable; groups, timers: mu; advancing: one
// Advance at a time.
type ManualClock struct {
	start     time.Time
	ns        atomic.Int64 // since start
	advancing sync.Mutex

	mu     sync.Mutex
	groups []*Group
	timers []*ManualTimer // armed
}

// NewManualClock returns a clock that shows start; the zero time: now, which
// suits libraries that compare a context's deadline with the real time.
func NewManualClock(start time.Time) *ManualClock {
	if start.IsZero() {
		start = time.Now()
	}
	return &ManualClock{start: start}
}

// Now returns the time that the clock shows.
func (c *ManualClock) Now() time.Time { return c.start.Add(time.Duration(c.ns.Load())) }

func (c *ManualClock) nanos() int64       { return c.ns.Load() }
func (c *ManualClock) at(int64) time.Time { return time.Time{} } // only Advance ends a park
func (c *ManualClock) set(ns int64)       { c.ns.Store(ns) }

func (c *ManualClock) wall() (time.Time, int64) {
	ns := c.ns.Load()
	return c.start.Add(time.Duration(ns)), ns
}

// Advance moves the clock by d, timer by timer: when it returns, every timer that
// was armed before the call and is due has fired, in the order of time, and the
// reactors have run what that led to. It does not wait for goroutines. What they,
// or the continuations of timers, arm meanwhile counts from the time at which they do so.
func (c *ManualClock) Advance(d time.Duration) {
	c.advancing.Lock()
	defer c.advancing.Unlock()
	target := c.nanos() + int64(max(d, 0))
	for {
		next, _ := c.survey(nil)
		if next > target {
			break
		}
		c.set(max(c.nanos(), next))
		c.fire()
	}
	c.set(target)
	c.survey(nil)
}

// WaitForTimers waits until at least n timers are armed: until what is under test
// sleeps. False: that took more than ten seconds of real time.
func (c *ManualClock) WaitForTimers(n int) bool { return c.waitForTimers(n, 10*time.Second) }

func (c *ManualClock) waitForTimers(n int, patience time.Duration) bool {
	over, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for ; over.Err() == nil; time.Sleep(time.Millisecond) {
		if _, armed := c.survey(over.Done()); armed >= n {
			return true
		}
	}
	return false
}

// survey lets every reactor run what is queued and due, and returns the time of
// the next timer of all and how many there are. After over it leaves out reactors
// that do not come to it: something blocks them.
func (c *ManualClock) survey(over <-chan struct{}) (next int64, armed int) {
	next = never
	c.mu.Lock()
	groups := slices.Clone(c.groups)
	armed = len(c.timers)
	for _, t := range c.timers {
		next = min(next, t.when)
	}
	c.mu.Unlock()
	for _, g := range groups {
		for _, r := range g.reactors {
			s := &survey{r: r, done: make(chan struct{})}
			if !r.Post(s) {
				continue
			}
			select {
			case <-s.done:
				next, armed = min(next, s.next), armed+s.armed
			case <-r.done: // it has stopped meanwhile
			case <-over:
			}
		}
	}
	return next, armed
}

// surveyTurns is in which turn a survey looks: in the first one the timers that
// are due fire after the tasks, in the second one what they led to runs, and the
// third is for what that has posted.
const surveyTurns = 3

// survey looks at the timers of a reactor some turns after it was posted.
//
// Owner: reactor; next, armed: whoever has posted it, once done is closed.
type survey struct {
	r     *Reactor
	turns int
	next  int64
	armed int
	done  chan struct{}
}

// Run implements [async.Task].
func (s *survey) Run() {
	s.turns++
	if s.turns < surveyTurns && s.r.Post(s) { // a post waits for the next turn
		return
	}
	s.next, s.armed = s.r.wheel.next, s.r.wheel.count
	if s.r.reaper.Armed() {
		s.armed-- // the reactor's own
	}
	close(s.done)
}

// follow makes c move the timers of g.
func (c *ManualClock) follow(g *Group) {
	c.mu.Lock()
	c.groups = append(c.groups, g)
	c.mu.Unlock()
}

// forget ends that.
func (c *ManualClock) forget(g *Group) {
	c.mu.Lock()
	c.groups = slices.DeleteFunc(c.groups, func(other *Group) bool { return other == g })
	c.mu.Unlock()
}

// ManualTimer is a timer of a [ManualClock] for code on goroutines, like the
// [time.Timer] of [time.AfterFunc].
//
// Owner: mu of its clock.
type ManualTimer struct {
	clock *ManualClock
	fn    func()
	when  int64
}

// AfterFunc calls fn on a goroutine of its own once d has passed.
func (c *ManualClock) AfterFunc(d time.Duration, fn func()) *ManualTimer {
	t := &ManualTimer{clock: c, fn: fn}
	t.Reset(d)
	return t
}

// Reset makes the timer fire after d from now, once. It tells whether it was armed.
func (t *ManualTimer) Reset(d time.Duration) bool {
	c := t.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	armed := t.disarm()
	t.when = c.nanos() + int64(max(d, 0))
	c.timers = append(c.timers, t)
	return armed
}

// Stop keeps the timer from firing. It tells whether it was armed.
func (t *ManualTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	return t.disarm()
}

func (t *ManualTimer) disarm() bool {
	before := len(t.clock.timers)
	t.clock.timers = slices.DeleteFunc(t.clock.timers, func(other *ManualTimer) bool { return other == t })
	return len(t.clock.timers) < before
}

// fire starts the functions whose time has come.
func (c *ManualClock) fire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.nanos()
	c.timers = slices.DeleteFunc(c.timers, func(t *ManualTimer) bool {
		if t.when > now {
			return false
		}
		go t.fn()
		return true
	})
}

var _ async.Task = (*survey)(nil)
