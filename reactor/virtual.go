package reactor

import (
	"io"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/goroutine"
	"github.com/fasterapi/fasterapi/internal/poll"
)

// Virtual is a reactor for tests: its clock moves only by [Virtual.Advance],
// and it runs on the caller's goroutine, which may call all of the reactor's
// methods between two calls of Virtual's. Tasks that do not depend on each other
// run in an order that the seed decides: tasks scheduled by one piece of work keep
// their order, all else is shuffled.
//
// [Reactor.Worker] still starts goroutines; [Virtual.RunUntil] waits for them.
// Package reactor/virtual adds sockets in memory.
//
// Owner: the test's goroutine.
type Virtual struct {
	Reactor *Reactor
	clock   *ManualClock
	order   *shuffle // nil: the order of the real loop
}

// epoch is the virtual time of day at the start.
var epoch = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// NewVirtual returns a virtual reactor at 2026-01-01 00:00 UTC, whose descriptors are
// those of p; nil: it has none. It logs nothing.
func NewVirtual(seed uint64, p Poller) *Virtual {
	return newVirtual(seed, p, NewManualClock(epoch))
}

func newVirtual(seed uint64, p Poller, clock *ManualClock) *Virtual {
	if p == nil {
		p = poll.NewBlank()
	}
	cfg, _ := Config{Cores: 1, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}.resolve() // nothing that could be bad
	r := newReactor(0, cfg, p, clock)
	r.here.Store(goroutine.ID())
	return &Virtual{Reactor: r, clock: clock, order: &shuffle{rng: rand.New(rand.NewPCG(seed, 1))}}
}

// Beside returns another virtual reactor with the same clock, which still moves by
// Advance of either, but only the timers of that one fire then.
func (v *Virtual) Beside(seed uint64, p Poller) *Virtual { return newVirtual(seed, p, v.clock) }

// Hold says, as a watchdog would, that a piece of work has held the reactor for so
// long; 0: it turns again.
func (v *Virtual) Hold(held time.Duration) { v.Reactor.watch.setStuck(held) }

// InOrder makes a reactor that has done nothing yet work in the order of the real loop, for what depends on it: how
// much of a turn is written at once.
func (v *Virtual) InOrder() { v.order = nil }

// LogTo makes the reactor log.
func (v *Virtual) LogTo(l *slog.Logger) { v.Reactor.log = l }

// Now returns the virtual time.
func (v *Virtual) Now() time.Time { return v.clock.Now() }

// RunUntilIdle turns the loop until there is nothing to do at this time. Work on
// goroutines is not waited for.
func (v *Virtual) RunUntilIdle() {
	for v.turn() || v.pending() {
	}
}

// pending tells whether a task waits to be run.
func (v *Virtual) pending() bool {
	r := v.Reactor
	return r.mailbox.Len() > 0 || r.runq.Len() > 0 || v.order != nil && len(v.order.queue) > 0
}

// turn is one turn of the loop, with what the real loop does about panics.
func (v *Virtual) turn() (busy bool) {
	r := v.Reactor
	defer func() {
		if p := recover(); p != nil {
			r.panicked(p)
			v.took()
			busy = true
		}
	}()
	r.resume()
	if v.order == nil {
		busy = r.turn()
	} else {
		busy = v.shuffled()
	}
	r.publish()
	return busy
}

// shuffled is [Reactor.turn], piece by piece, in the order that the seed decides.
func (v *Virtual) shuffled() (busy bool) {
	r := v.Reactor
	r.counts.loops++
	r.readClock()
	v.took()
	r.letIn()
	r.collect()
	v.took()
	for range manyTasks {
		t, ok := v.order.pick()
		if !ok {
			break
		}
		busy = true
		r.runTask(t)
		v.took()
	}
	if r.now >= r.wheel.next {
		r.wheel.advance(r.now)
		for t := v.order.pickTimer(&r.wheel); t != nil; t = v.order.pickTimer(&r.wheel) {
			busy = true
			r.fire(t)
			v.took()
		}
	}
	r.eventAt = 0
	r.looked, r.looks = r.looks, r.now
	r.eventN = r.poller.Wait(r.events)
	v.order.events(r.events[:r.eventN])
	for r.eventAt < r.eventN {
		busy = true
		r.dispatchOne()
		v.took()
	}
	return busy
}

// took ends a piece of work: its tasks are independent of those of others.
func (v *Virtual) took() {
	if v.order != nil {
		v.order.take(&v.Reactor.runq)
	}
}

// Advance moves the clock by d, timer by timer, and runs all that comes up.
func (v *Virtual) Advance(d time.Duration) {
	target := v.clock.nanos() + int64(d)
	for {
		v.RunUntilIdle()
		next := v.Reactor.wheel.next
		if next > target {
			break
		}
		v.clock.set(max(v.clock.nanos(), next))
	}
	v.clock.set(target)
	v.RunUntilIdle()
}

// RunUntil runs until cond, evaluated between turns, holds, and waits for work
// on goroutines where it must. It returns false after ten seconds of real time.
func (v *Virtual) RunUntil(cond func() bool) bool {
	end := time.Now().Add(10 * time.Second)
	for {
		v.RunUntilIdle()
		if cond() {
			return true
		}
		if !time.Now().Before(end) {
			return false
		}
		v.waitForWork(end)
	}
}

// waitForWork parks until something is posted.
func (v *Virtual) waitForWork(end time.Time) {
	r := v.Reactor
	r.parked.Store(true)
	if r.mailbox.Len() == 0 {
		// A worker that ends without a post wakes nobody: look again soon.
		r.poller.Park(earlier(end, time.Now().Add(time.Millisecond)))
	}
	r.parked.Store(false)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// Do runs fn as a piece of work of the reactor, until idle.
func (v *Virtual) Do(fn func()) {
	v.Reactor.Schedule(async.TaskFunc(fn))
	v.RunUntilIdle()
}

// Close interrupts the coroutines, waits for the workers and releases all.
func (v *Virtual) Close() {
	r := v.Reactor
	r.stop(draining)
	if r.phase.Load() != ended && v.RunUntil(r.drain) {
		close(r.done)
	}
}
