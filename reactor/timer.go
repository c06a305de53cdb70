package reactor

import (
	"time"

	"github.com/fasterapi/fasterapi/async"
)

// Arm runs t.Task on the reactor once d has passed since [Reactor.Now], which
// lags by the work of this turn, rounded up to the next millisecond; an armed
// timer moves. It allocates nothing.
func (r *Reactor) Arm(t *Timer, d time.Duration) {
	r.mine()
	if t.Armed() {
		r.wheel.remove(t)
	}
	r.wheel.add(t, r.now+int64(min(max(d, 0), maxDelay)))
}

// Disarm makes sure that t's task does not run and tells whether it would have.
func (r *Reactor) Disarm(t *Timer) bool {
	r.mine()
	if !t.Armed() {
		return false
	}
	r.wheel.remove(t)
	return true
}

// After runs task once d has passed: [Reactor.Arm] with a timer of its own, one
// allocation.
func (r *Reactor) After(d time.Duration, task async.Task) async.Timer {
	t := &ownTimer{r: r}
	t.Task = task
	r.Arm(&t.Timer, d)
	return t
}

// ownTimer is a timer that knows its reactor.
//
// Owner: reactor.
type ownTimer struct {
	Timer
	r *Reactor
}

// Stop disarms the timer and tells whether its task would have run. Timers of a
// reactor that has ended never do; whoever waited for it may stop them anywhere.
func (t *ownTimer) Stop() bool {
	return t.r.phase.Load() != ended && t.r.Disarm(&t.Timer)
}

// fireTimers runs what is due, within the quota.
func (r *Reactor) fireTimers() bool {
	r.wheel.advance(r.now)
	limit := r.now + int64(r.cfg.TaskQuota)
	ran := false
	for n := 1; ; n++ {
		t := r.wheel.pop()
		if t == nil {
			return ran
		}
		ran = true
		r.counts.timers++ // as fire, inline
		r.begin()
		t.Task.Run()
		r.end()
		if n%checkEvery == 0 && r.readClock() > limit {
			r.wheel.next = 0 // the rest comes with the next turn
			return true
		}
	}
}

// fire runs the task of a timer that was due.
func (r *Reactor) fire(t *Timer) {
	r.counts.timers++
	r.begin()
	t.Task.Run()
	r.end()
}
