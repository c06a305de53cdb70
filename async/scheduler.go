package async

import "time"

// Task is one piece of work. Implementations are usually pointers to something
// that exists already, so that scheduling does not allocate.
type Task interface{ Run() }

// TaskFunc is a function as a [Task].
type TaskFunc func()

// Run calls f.
func (f TaskFunc) Run() { f() }

// Scheduler is one thread of execution on which tasks run one after another: a
// reactor, or [Background], which alone runs tasks side by side. The goroutine
// that runs the tasks is called its owner. Implementations are pointers or other
// comparable values: two schedulers are the same when they compare equal.
type Scheduler interface {
	// Schedule runs t later, after the tasks scheduled before. Owner only.
	Schedule(t Task)
	// Post is Schedule for any goroutine. It returns false, and never runs t,
	// after the scheduler has stopped.
	Post(t Task) bool
	// After runs t once d has passed by Now, not earlier. Owner only.
	After(d time.Duration, t Task) Timer
	// Now is the scheduler's clock; it may be coarse (a reactor's stands still
	// during a task, so a task that computes for long sets its timers from when
	// it began). Owner only.
	Now() time.Time
}

// Timer is a task that waits for its time.
type Timer interface {
	// Stop returns true when it kept the task from running. Owner only.
	Stop() bool
}

// background runs every task on a goroutine of its own.
//
// Owner: any (immutable once made).
type background struct{}

// Background returns the scheduler of code that has no reactor. It is stateless:
// Schedule and Post start a goroutine per task, After uses the runtime's timers,
// and every method may be called from any goroutine. Tasks run side by side, so
// the order of independent tasks is not defined. It never stops.
func Background() Scheduler { return background{} }

func (background) Schedule(t Task)  { go t.Run() }
func (background) Post(t Task) bool { go t.Run(); return true }
func (background) Now() time.Time   { return time.Now() }

func (background) After(d time.Duration, t Task) Timer {
	return time.AfterFunc(d, t.Run)
}

// ender is a scheduler whose end can be waited for. A reactor is one: it refuses
// posts while it still runs what was queued before.
type ender interface{ Ended() <-chan struct{} }

// post hands t to s, or to a plain goroutine when s has stopped: whoever waits
// for the outcome of t must hear of it even then.
func post(s Scheduler, t Task) {
	if !s.Post(t) {
		go runAfter(s, t)
	}
}

// runAfter runs t once s, which has refused it, runs nothing any more: t may touch
// what s owns.
func runAfter(s Scheduler, t Task) {
	if e, ok := s.(ender); ok {
		<-e.Ended()
	}
	t.Run()
}

// hand gives t to s by the cheapest way that the caller may use.
func hand(s Scheduler, direct bool, t Task) {
	if direct {
		s.Schedule(t)
		return
	}
	post(s, t)
}
