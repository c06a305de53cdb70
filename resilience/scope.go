package resilience

import (
	"context"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/async"
)

// scope is the context of one attempt: it ends with that of the caller, at the deadline, and
// with the attempt. The watch on the caller and the timer are set when somebody asks to be told:
// most attempts are over before.
//
// Owner: mu. parent, deadline: immutable. alarm, up: whoever arms it, until set. watchers: any.
type scope struct {
	parent   context.Context
	deadline time.Time // zero: none

	mu       sync.Mutex
	err      error // why it has ended, nil while it lasts
	late     bool  // it has ended at the deadline
	armed    bool  // the watch and the alarm are being set
	set      bool  // they are
	done     chan struct{}
	alarm    async.Alarm
	up       async.Watcher
	watchers async.Watchers
}

// The interfaces that packages context and async look for.
var (
	_ async.SiteCarrier = (*scope)(nil)
	_ async.Watchable   = (*scope)(nil)
)

// closed is the channel of all scopes that have ended before anybody asked.
var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// AsyncSite is that of the caller; the end of a scope interrupts no coroutine.
func (s *scope) AsyncSite() async.Site {
	site := async.SiteOf(s.parent)
	site.Bound = false
	return site
}

// Value is that of the caller's context.
func (s *scope) Value(key any) any { return s.parent.Value(key) }

// Deadline is that of the attempt, or of the caller when that is earlier.
func (s *scope) Deadline() (time.Time, bool) {
	at, ok := s.parent.Deadline()
	if s.deadline.IsZero() || ok && at.Before(s.deadline) {
		return at, ok
	}
	return s.deadline, true
}

// Err tells whether the attempt is over, or should be.
func (s *scope) Err() error {
	s.mu.Lock()
	err, armed := s.err, s.armed
	s.mu.Unlock()
	if err != nil || armed {
		return err
	}
	if err := s.parent.Err(); err != nil {
		s.end(err, false)
	} else if !s.deadline.IsZero() && !async.Now(s.parent).Before(s.deadline) {
		s.end(context.DeadlineExceeded, true)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Done is closed when Err is not nil.
func (s *scope) Done() <-chan struct{} {
	s.arm()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done == nil {
		if s.err != nil {
			s.done = closed
		} else {
			s.done = make(chan struct{})
		}
	}
	return s.done
}

// Watch implements [async.Watchable].
func (s *scope) Watch(w *async.Watcher) bool {
	return s.arm() && s.watchers.Add(w)
}

// Unwatch implements [async.Watchable].
func (s *scope) Unwatch(w *async.Watcher) { s.watchers.Remove(w) }

// AfterFunc lets package context watch without a goroutine.
func (s *scope) AfterFunc(f func()) (stop func() bool) {
	w := &async.Watcher{Cancelled: func() { go f() }}
	if !s.Watch(w) {
		go f()
		return func() bool { return false }
	}
	return w.Stop
}

// arm makes the end of the caller and the deadline end s. It reports false when s has ended
// before anybody has asked.
func (s *scope) arm() bool {
	s.mu.Lock()
	if s.armed || s.err != nil {
		armed := s.armed
		s.mu.Unlock()
		return armed
	}
	s.armed = true
	s.mu.Unlock()
	s.up.Cancelled = func() { s.end(s.parent.Err(), false) }
	if !async.OnCancel(s.parent, &s.up) {
		s.end(s.parent.Err(), false)
		return true
	}
	s.setAlarm()
	s.mu.Lock()
	s.set = true
	over := s.err != nil
	s.mu.Unlock()
	if over { // meanwhile: whoever ended it has left this to us
		s.disarm()
	}
	return true
}

func (s *scope) setAlarm() {
	at, ok := s.parent.Deadline()
	if s.deadline.IsZero() || ok && !s.deadline.Before(at) {
		return
	}
	s.alarm.Set(s.parent, max(0, s.deadline.Sub(async.Now(s.parent))), func() { s.end(context.DeadlineExceeded, true) })
}

func (s *scope) disarm() {
	s.alarm.Stop()
	s.up.Stop()
}

// end ends s for err, unless it has ended already. When the caller has the same deadline it is late
// all the same.
func (s *scope) end(err error, late bool) {
	if err == context.DeadlineExceeded && !late && !s.deadline.IsZero() {
		late = !async.Now(s.parent).Before(s.deadline)
	}
	s.mu.Lock()
	if s.err != nil {
		s.mu.Unlock()
		return
	}
	s.err, s.late = err, late
	if s.done != nil {
		close(s.done)
	}
	set := s.set
	s.mu.Unlock()
	s.watchers.CancelAll()
	if set {
		s.disarm()
	}
}

// finish ends s because the attempt is over, and tells whether that came too late.
func (s *scope) finish() (late bool) {
	s.mu.Lock()
	if s.err == nil && !s.armed { // nobody waits for it: most are so, and it spares two locks
		s.err = context.Canceled
		s.mu.Unlock()
		return false
	}
	s.mu.Unlock()
	s.end(context.Canceled, false)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.late
}
