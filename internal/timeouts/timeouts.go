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
	_     [64]byte // its neighbour is another core's
}

// Timeout is the place of one in the list. It may be set again once it has expired or was stopped.
//
// Owner: the mu of its queue.
type Timeout struct {
	of         Expirer
	at         time.Time
	prev, next *Timeout
	queued     bool
	own        *time.Timer // of one that did not fit into the list
}

// Set calls of.Expire at at, which has a monotonic clock reading, unless t is stopped before.
func (q *Queue) Set(t *Timeout, at time.Time, of Expirer) {
	q.mu.Lock()
	defer q.mu.Unlock()
	t.of, t.at = of, at
	after, fits := q.place(at)
	if !fits {
		t.own = time.AfterFunc(time.Until(at), of.Expire)
		return
	}
	q.insert(t, after)
	if q.first == t {
		q.wakeAt(at)
	}
}

// Stop keeps t from expiring, unless it has: then, and when it was not set, it does nothing.
func (q *Queue) Stop(t *Timeout) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if t.own != nil {
		t.own.Stop()
		t.own = nil
	}
	if t.queued {
		q.remove(t)
	}
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
	t.queued, t.prev = true, after
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
	*t = Timeout{}
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
		of := q.first.of
		q.remove(q.first)
		go of.Expire()
	}
	if q.first != nil {
		q.wakeAt(q.first.at)
	}
}
