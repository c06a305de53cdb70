package admin

import (
	"log/slog"
	"runtime/trace"
	"time"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/observe"
	"github.com/fasterapi/fasterapi/reactor"
)

// A flight recorder wakes the process some 60 times a second, whether there is anything to record or not: Go's execution tracer
// does. So it rests once nothing has happened for restAfter times what a dump holds: all that it could lose then is
// how nothing happened. The next request wakes it before its handler has begun, most of the time.
const restAfter = 2

// restTasks is how many tasks from one look to the next are work, on all cores: a pool that looks at its connections has fewer.
const restTasks = 100

// lookEvery is how often somebody looks: a look wakes several threads of the process.
func lookEvery(rests bool) time.Duration {
	if rests {
		return 10 * look
	}
	return look
}

// activity tells whether an app does anything.
//
// Owner: the goroutine that watches.
type activity struct {
	recorder *observe.Recorder // nil: nobody knows of requests
	reactors *reactor.Group
	next     <-chan struct{} // closed: a request has begun since the last look
	tasks    int64
}

func newActivity(app *fasterapi.App) *activity {
	w := &activity{recorder: app.Recorder(), reactors: app.Reactors()}
	w.look()
	return w
}

// begun is closed when a request begins; nil when the recorder runs, or cannot: each request would try to wake it.
func (w *activity) begun(sleeps bool) <-chan struct{} {
	if !sleeps {
		return nil
	}
	return w.next
}

// look tells whether something has happened since the look before, or goes on.
func (w *activity) look() bool {
	tasks := w.tasks
	w.tasks = 0
	for _, s := range w.reactors.Stats() {
		w.tasks += s.Tasks
	}
	if w.recorder == nil {
		return true
	}
	return w.requested() || w.tasks-tasks > restTasks
}

// requested tells whether a request has begun since it was asked before, or lasts. One that begins meanwhile is found,
// or closes next.
func (w *activity) requested() bool {
	next := w.recorder.Next() // another one: that before was closed
	begun := next != w.next
	w.next = next
	return begun || w.recorder.Busy()
}

// pace lets the recorder rest, or wakes it, as the work of the last look demands.
func (f *flight) pace(now time.Time, work *activity) {
	if work.look() {
		f.resume(now)
		return
	}
	f.mu.Lock()
	calm := now.Sub(f.calm)
	f.mu.Unlock()
	if calm >= restAfter*f.cfg.MinAge {
		f.rest()
	}
}

// resume is wake, with its failure in the log: another one has begun meanwhile.
func (f *flight) resume(now time.Time) {
	err := f.wake(now)
	if err != nil && f.failed == nil {
		f.log.Warn("the flight recorder does not run", slog.Any("error", err))
	}
	f.failed = err
}

// wake starts the recorder, unless it runs or was stopped for good. A process has one: that of a second app does not run.
func (f *flight) wake(now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calm = now
	switch {
	case f.over:
		return errNoRecorder
	case f.recorder != nil:
		return nil
	}
	r := trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: f.cfg.MinAge, MaxBytes: f.cfg.MaxBytes})
	if err := r.Start(); err != nil {
		return err
	}
	f.recorder = r
	return nil
}

// rest stops the recorder, if it runs.
func (f *flight) rest() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.recorder != nil {
		f.recorder.Stop()
		f.recorder = nil
	}
}

// rests tells whether the recorder is stopped, for now.
func (f *flight) rests() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.recorder == nil
}
