package dbtest

import (
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/async"
)

// Loop is a scheduler on one goroutine, as simple as can be: what a reactor is
// to a driver.
//
// Owner: mu. inside: the loop's goroutine.
type Loop struct {
	mu      sync.Mutex
	more    sync.Cond
	tasks   []async.Task
	stopped bool
	done    chan struct{}
	inside  bool // a task is running
}

// NewLoop starts a loop.
func NewLoop() *Loop {
	l := &Loop{done: make(chan struct{})}
	l.more.L = &l.mu
	go l.run()
	return l
}

func (l *Loop) run() {
	defer close(l.done)
	for {
		l.mu.Lock()
		for len(l.tasks) == 0 && !l.stopped {
			l.more.Wait()
		}
		tasks := l.tasks
		l.tasks = nil
		l.mu.Unlock()
		if len(tasks) == 0 {
			return
		}
		for _, t := range tasks {
			l.inside = true
			t.Run()
			l.inside = false
		}
	}
}

// Stop runs what is there and ends the loop.
func (l *Loop) Stop() {
	l.mu.Lock()
	l.stopped = true
	l.more.Signal()
	l.mu.Unlock()
	<-l.done
}

// Post implements async.Scheduler.
func (l *Loop) Post(t async.Task) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return false
	}
	l.tasks = append(l.tasks, t)
	l.more.Signal()
	return true
}

// Schedule implements async.Scheduler.
func (l *Loop) Schedule(t async.Task) { l.Post(t) }

// Now implements async.Scheduler.
func (l *Loop) Now() time.Time { return time.Now() }

// After implements async.Scheduler.
func (l *Loop) After(d time.Duration, t async.Task) async.Timer {
	return time.AfterFunc(d, func() { l.Post(t) })
}
