package timeouts

import (
	"sync"
	"time"
)

// farthest is past how many others a timeout goes to its place in the list.
const farthest = 16

// Expirer is what is told that its time is over.
type Expirer interface {
	// Expire is called on a goroutine of its own.
	Expire()
}

// Queue holds the timeouts of one core. The zero value is ready.
//
// Owner: mu.
type Queue struct {
	mu          sync.Mutex
	first, last *Timeout
	// timer calls wake at waked, which is zero while it is not set.
	timer *time.Timer
	waked time.Time
	// apart are the timers of those that did not fit into the list; nil: there was none.
	apart map[*Timeout]*time.Timer
	_     [64]byte // its neighbour is another core's
}

// Timeout is a time by which something is over. It is set once.
//
// Owner: the mu of its queue; of, at: immutable.
type Timeout struct {
	of         Expirer
	at         time.Time
	prev, next *Timeout
	state      state
}

// state is how far a Timeout is.
type state uint8

const (
	fresh state = iota
	queued
	apart // it has a timer of its own
	stopped
	expired
)

// Of makes t that of of, which expires at at. That has a monotonic clock reading.
func (t *Timeout) Of(of Expirer, at time.Time) { t.of, t.at = of, at }

// At is when t expires.
func (t *Timeout) At() time.Time { return t.at }

// Set lets t expire at its time, unless it is stopped before, or was already.
func (q *Queue) Set(t *Timeout) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if t.state != fresh {
		return
	}
	after, fits := q.place(t.at)
	if !fits {
		q.setApart(t)
		return
	}
	q.insert(t, after)
	if q.first == t {
		q.wakeAt(t.at)
	}
}

// setApart gives t a timer of its own.
func (q *Queue) setApart(t *Timeout) {
	if q.apart == nil {
		q.apart = make(map[*Timeout]*time.Timer)
	}
	t.state = apart
	q.apart[t] = time.AfterFunc(time.Until(t.at), func() {
		q.mu.Lock()
		due := t.state == apart
		if due {
			delete(q.apart, t)
			t.state = expired
		}
		q.mu.Unlock()
		if due {
			t.of.Expire()
		}
	})
}

// Stop keeps t from expiring, and reports whether it has: then it does nothing.
func (q *Queue) Stop(t *Timeout) (has bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch t.state {
	case expired:
		return true
	case queued:
		q.remove(t)
	case apart:
		q.apart[t].Stop()
		delete(q.apart, t)
	}
	t.state = stopped
	return false
}

// place is behind which one a timeout belongs that expires at at: nil is the front.
func (q *Queue) place(at time.Time) (after *Timeout, fits bool) {
	after = q.last
	for range farthest {
		if after == nil || !at.Before(after.at) {
			return after, true
		}
		after = after.prev
	}
	return nil, false
}

func (q *Queue) insert(t, after *Timeout) {
	t.state, t.prev = queued, after
	if after == nil {
		t.next, q.first = q.first, t
	} else {
		t.next, after.next = after.next, t
	}
	if t.next == nil {
		q.last = t
	} else {
		t.next.prev = t
	}
}

func (q *Queue) remove(t *Timeout) {
	if t.prev == nil {
		q.first = t.next
	} else {
		t.prev.next = t.next
	}
	if t.next == nil {
		q.last = t.prev
	} else {
		t.next.prev = t.prev
	}
	t.prev, t.next = nil, nil
}

// wakeAt sees to it that the timer wakes at at, or before.
func (q *Queue) wakeAt(at time.Time) {
	switch {
	case !q.waked.IsZero() && !at.Before(q.waked):
		return
	case q.timer == nil:
		q.timer = time.AfterFunc(time.Until(at), q.wake)
	default:
		q.timer.Reset(time.Until(at))
	}
	q.waked = at
}

// wake expires those whose time is over.
func (q *Queue) wake() {
	now := time.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	if now.Before(q.waked) { // it was set anew when it had fired already
		q.timer.Reset(q.waked.Sub(now))
		return
	}
	q.waked = time.Time{}
	for q.first != nil && !now.Before(q.first.at) {
		t := q.first
		q.remove(t)
		t.state = expired
		go t.of.Expire()
	}
	if q.first != nil {
		q.wakeAt(q.first.at)
	}
}
