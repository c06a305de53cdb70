package reactor

import (
	"context"
	"log/slog"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/goroutine"
	"github.com/fasterapi/fasterapi/internal/poll"
)

const (
	// checkEvery is after how many tasks the loop looks at the clock: 2 ns each.
	checkEvery = 16
	// manyTasks ends a turn where no time passes: a manual clock.
	manyTasks = 1 << 14
	// spins is how many turns without work precede parking. docs/decisions/0003
	spins = 1
	// share is how long a busy reactor keeps the processor from goroutines that
	// it does not know to be waiting. Giving way to nobody costs about 60 ns.
	share = int64(100 * time.Microsecond)
)

// coreLabel marks the reactor's goroutines in profiles, and for the watchdog.
const coreLabel = "reactor"

// run is the reactor's goroutine.
func (r *Reactor) run() {
	if r.cfg.Pin {
		runtime.LockOSThread() // never unlocked: the thread dies with its affinity
		if err := poll.PinThread(r.core); err != nil {
			r.log.Warn("reactor: cannot pin the thread", slog.Any("error", err))
		}
	}
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(),
		pprof.Labels(coreLabel, strconv.Itoa(r.core))))
	r.owner.Take()
	r.loop()
}

// loop turns until the reactor has ended, whatever its tasks do.
func (r *Reactor) loop() {
	clean := false
	defer func() {
		r.here.Store(0) // a later goroutine may get the identity of this one
		if clean {
			return
		}
		// A task called runtime.Goexit: this goroutine cannot be kept.
		r.lost("a task called runtime.Goexit on the reactor")
		if r.cfg.Pin {
			r.loop() // on this thread, as long as its goroutine's exit takes
			return
		}
		go r.run()
	}()
	for r.cycle() {
	}
	clean = true
	close(r.done)
}

// cycle turns until the reactor has ended (false) or a task has panicked.
func (r *Reactor) cycle() (more bool) {
	defer func() {
		if v := recover(); v != nil {
			r.panicked(v)
			more = true
		}
	}()
	r.resume()
	for {
		busy := r.turn()
		if r.phase.Load() != running && r.drain() {
			return false
		}
		r.yieldOrPark(busy)
	}
}

// resume takes the reactor to this goroutine and finishes what a panic has
// interrupted.
func (r *Reactor) resume() {
	r.here.Store(goroutine.ID())
	r.current = nil
	r.end()
	if r.wheel.due.first != nil {
		r.wheel.next = 0
	}
	r.dispatch()
}

// turn does what there is to do, once, and tells whether there was anything.
func (r *Reactor) turn() bool {
	r.counts.loops++
	r.readClock()
	busy := r.runTasks()
	if r.now >= r.wheel.next && r.fireTimers() {
		busy = true
	}
	r.eventAt = 0
	r.looked, r.looks = r.looks, r.now
	r.eventN = r.poller.Wait(r.events)
	if r.eventN > 0 {
		busy = true
		r.dispatch()
	}
	return busy
}

// runTasks runs queued tasks until there are none or the quota is used up.
func (r *Reactor) runTasks() bool {
	r.letIn()
	r.collect()
	limit := r.now + int64(r.cfg.TaskQuota)
	for n := 0; ; {
		t, ok := r.runq.Pop()
		if !ok {
			return n > 0
		}
		n++
		r.counts.tasks++ // runTask is not inlined, which costs 2 ns here
		r.begin()
		t.Run()
		r.end()
		if n%checkEvery == 0 && (r.readClock() > limit || n >= manyTasks) {
			return true
		}
	}
}

// collect moves the mailbox to the run queue.
func (r *Reactor) collect() {
	if r.mailbox.Len() == 0 {
		return
	}
	n := r.mailbox.Drain(&r.runq)
	r.counts.posts += int64(n)
}

// runTask runs a task that was queued.
func (r *Reactor) runTask(t async.Task) {
	r.counts.tasks++
	r.begin()
	t.Run()
	r.end()
}

// begin precedes every piece of user code on the reactor.
func (r *Reactor) begin() {
	r.units++
	r.pulse.Store(r.units << 1)
}

// end follows it.
func (r *Reactor) end() {
	r.SetLabel(nil)
}

// markIdle says that no user code runs until the next begin.
func (r *Reactor) markIdle() { r.pulse.Store(r.units<<1 | 1) }

// yieldOrPark decides what to do between two turns: nothing, let goroutines run, or
// park.
func (r *Reactor) yieldOrPark(busy bool) {
	if r.now-r.counts.published >= publishEvery {
		r.publish()
	}
	if busy {
		r.idle = 0
		// A locked goroutine pays 10 us for giving way, so only for a reason.
		if r.handed.Load() || len(r.workers.pace.waiting) > 0 || !r.cfg.Pin && r.now-r.yielded >= share {
			r.giveWay()
		}
		return
	}
	r.idle++
	if r.idle <= spins && !r.cfg.Pin || len(r.workers.pace.waiting) > 0 {
		r.giveWay()
		return
	}
	r.idle = 0
	r.park()
}

func (r *Reactor) giveWay() {
	r.handed.Store(false)
	r.yielded = r.now
	r.markIdle()
	r.workers.pace.open(r.counts.jobs)
	runtime.Gosched()
	r.workers.pace.close()
}

// park blocks until there is something to do.
func (r *Reactor) park() {
	r.counts.parks++
	r.publish()
	r.markIdle()
	r.parked.Store(true)
	if r.mailbox.Len() == 0 && r.phase.Load() != forced && !r.mayEnd() {
		var deadline time.Time
		if r.wheel.next != never {
			deadline = r.clock.at(r.wheel.soonest())
		}
		r.poller.Park(deadline)
	}
	r.parked.Store(false)
	r.watchdog.wake(r)
	before := r.now
	r.counts.idle += r.readClock() - before
	r.yielded, r.looks = r.now, r.now
}

// mayEnd tells a parking reactor that it has been told to stop and could.
func (r *Reactor) mayEnd() bool {
	return r.phase.Load() != running && (!r.stopping || r.workers.busy.Load() == 0)
}

// SetLabel says on whose behalf the current piece of work runs, for the stall
// report; nil: nobody's. It lasts until that piece ends. A coroutine keeps its
// label over suspensions. Setting the label that is set already costs nothing.
func (r *Reactor) SetLabel(l *Label) {
	if l != r.label {
		r.mine()
		r.label = l
		r.shownLabel.Store(l)
	}
}

func (r *Reactor) panicked(v any) {
	r.counts.panics++
	r.log.Error("reactor: a task panicked", slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
}

// lost logs a piece of work that ended its goroutine.
func (r *Reactor) lost(what string) {
	r.counts.lost++
	r.log.Error("reactor: " + what + "; the work is lost")
}
