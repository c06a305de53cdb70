package reactor

import (
	"errors"
	"log/slog"
)

// ErrStopped is the reason of what a stopping reactor interrupts or refuses.
var ErrStopped = errors.New("reactor: stopped")

// stop begins or hastens the end of the reactor. Any goroutine.
func (r *Reactor) stop(phase int32) {
	for {
		old := r.phase.Load()
		if old >= phase || r.phase.CompareAndSwap(old, phase) {
			break
		}
	}
	r.wake()
}

// drain is called after each turn once the reactor has been told to stop. True:
// it has ended.
func (r *Reactor) drain() bool {
	r.stopping = true
	if r.phase.Load() == forced {
		r.finish()
		return true
	}
	if r.workers.busy.Load() > 0 || len(r.workers.pace.waiting) > 0 {
		return false // they may post, or hand out work
	}
	if r.runq.Len() > 0 || r.mailbox.Len() > 0 {
		// Posts that keep coming must not keep the reactor from stopping.
		if r.drains++; r.drains >= patience && len(r.coroutines.live) == 0 {
			r.mailbox.Close()
		}
		return false
	}
	if len(r.coroutines.live) > 0 {
		r.interruptAll()
		return false
	}
	r.mailbox.Close()
	r.collect()
	if r.runq.Len() > 0 {
		return false // they may hand out work: once more round
	}
	r.finish()
	return true
}

// interruptAll tells every suspended coroutine to come to its end. One that
// suspends again is told again, patience times.
func (r *Reactor) interruptAll() {
	r.coroutines.told++
	for _, co := range append([]*Coroutine(nil), r.coroutines.live...) {
		co.Interrupt(ErrStopped)
	}
	if r.coroutines.told > patience {
		r.abandonCoroutines()
	}
}

// patience is how often a coroutine may suspend again while its reactor stops
// (deferred functions may have to await something), and for how many turns
// posts are still taken when nothing that runs here could need them.
const patience = 16

// finish runs what is queued, drops the rest and releases everything.
func (r *Reactor) finish() {
	r.mailbox.Close()
	r.collect()
	for _, t := range r.workers.pace.waiting {
		r.runq.Push(t)
	}
	r.workers.pace.waiting = nil
	for n := r.runq.Len(); n > 0; n-- {
		t, ok := r.runq.Pop()
		if !ok {
			break
		}
		r.runTask(t) // a panic brings the loop back here, see cycle
	}
	if n := r.runq.Len(); n > 0 {
		r.log.Warn("reactor: stopped with tasks left", slog.Int("tasks", n))
	}
	r.abandonCoroutines()
	r.coroutines.trim(0)
	r.workers.close()
	if n := r.workers.busy.Load(); n > 0 {
		r.log.Warn("reactor: stopped with workers running", slog.Int64("workers", n))
	}
	r.phase.Store(ended)
	r.owner.Release()
	r.publish()
	r.markIdle()
	if err := r.poller.Close(); err != nil {
		r.log.Warn("reactor: closing the poller", slog.Any("error", err))
	}
}
