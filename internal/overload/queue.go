package overload

import (
	"sync"
	"sync/atomic"
	"time"
)

// Work is a request whose work is about to start.
//
// Owner: any (a value).
type Work struct {
	// Now is the time since some moment that stays the same.
	Now time.Duration
	// Age is for how long it has waited.
	Age time.Duration
	// Passed is how many requests of its core have started meanwhile.
	Passed uint64
	Class  Class
}

// came is when w came.
func (w Work) came() time.Duration { return w.Now - w.Age }

// Verdict is what becomes of a request.
type Verdict uint8

// The verdicts.
const (
	Admit Verdict = iota
	Shed
	// ShedFirst is Shed for the first request of a period of overload.
	ShedFirst
)

// enoughOld is how many requests in a row must have been old: fewer are no queue.
const enoughOld = 16

// growth is by how many requests a queue must have become longer, beside having doubled: so
// many users who come one after the other on a machine that is busy with something else are
// no overload. docs/decisions/0018
const growth = 128

// The states of a queue.
const (
	calm uint32 = iota
	watched
	overloaded
)

// Queue is the work that waits for one core. Any goroutine may use it.
//
// Owner: mu; the first fields are atomic, rule is immutable.
type Queue struct {
	rule    Rule
	state   atomic.Uint32
	started atomic.Uint64
	delay   atomic.Int64 // the latest age above the target
	shed    [Classes]atomic.Uint64

	mu sync.Mutex
	// since is when the first request came that was too old, last is the latest look, and
	// old counts the looks.
	since, last time.Duration
	old         int
	// before is how many others had started before those that came in the first half of an
	// interval, at most.
	before uint64
	// refused is when a request was refused last.
	refused time.Duration
	// told: the period of overload is known.
	told  bool
	waits waits
}

// NewQueue returns a queue that is empty.
func NewQueue(r Rule) *Queue { return &Queue{rule: r.Resolve()} }

// Started is how many requests have started.
func (q *Queue) Started() uint64 { return q.started.Load() }

// Start tells whether w may start.
func (q *Queue) Start(w Work) Verdict {
	if w.Age < q.rule.Target && q.state.Load() == calm {
		q.started.Add(1)
		return Admit
	}
	v := q.look(w)
	if v == Admit {
		q.started.Add(1)
	} else {
		q.shed[w.Class].Add(1)
	}
	return v
}

// look is Start when the delay is, or was, above the target.
func (q *Queue) look(w Work) Verdict {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.delay.Store(int64(max(w.Age, 0)))
	switch q.state.Load() {
	case calm:
		if w.Age >= q.rule.Target {
			q.watch(w)
		}
		return Admit
	case watched:
		if w.Age < q.rule.Target || q.last-w.Now >= q.rule.Interval {
			q.state.Store(calm)
			return Admit
		}
		if !q.standing(w) {
			return Admit
		}
		q.state.Store(overloaded)
		q.refused, q.told = w.Now, false
	}
	return q.judge(w)
}

// watch begins to look at a delay that is above the target.
func (q *Queue) watch(w Work) {
	q.state.Store(watched)
	q.since, q.last = w.came(), w.Now
	q.old, q.before = 1, w.Passed
}

// standing adds w to what is known of the delay, and tells whether that is overload: who
// comes an interval later waits, too, and behind more others. Users who wait for their answer
// before they ask again make a queue that is as long as they are many, however slow it is; a
// burst, and what has gathered in a pause, one that becomes shorter.
func (q *Queue) standing(w Work) bool {
	q.old++
	q.last = w.Now
	came := w.came() - q.since
	if came < q.rule.Interval/2 {
		q.before = max(q.before, w.Passed)
		return false
	}
	return q.old >= enoughOld && came >= q.rule.Interval && w.Passed >= 2*q.before+growth
}

// judge decides about w while the core is overloaded. That ends when nothing was old
// enough to be refused for an interval.
func (q *Queue) judge(w Work) Verdict {
	if v := q.overdue(w); v != Admit {
		return v
	}
	if apart(w.Now, q.refused) >= q.rule.Interval {
		q.state.Store(calm)
	}
	return Admit
}

// apart is the time between two moments, whichever was first: goroutines on several processors come here
// in another order than they have read the clock in, and a clock may be set back.
func apart(a, b time.Duration) time.Duration { return (a - b).Abs() }

// overdue tells whether w is refused for its age.
func (q *Queue) overdue(w Work) Verdict {
	if w.Class == Exempt || w.Age <= q.rule.maxAge(w.Class) || w.Passed < fewPassed(w.Class) {
		return Admit
	}
	q.refused = w.Now
	if q.told {
		return Shed
	}
	q.told = true
	return ShedFirst
}

// QueueStats is what a queue has seen.
//
// Owner: any (a value).
type QueueStats struct {
	Overloaded bool
	Delay      time.Duration // how old the latest request was; 0 in good times
	Shed       [Classes]uint64
}

// Stats returns what the queue has seen. now is the present time: after an interval
// without requests a queue is not overloaded any more.
func (q *Queue) Stats(now time.Duration) QueueStats {
	var s QueueStats
	for c := range s.Shed {
		s.Shed[c] = q.shed[c].Load()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.state.Load() == overloaded && now-q.refused < q.rule.Interval {
		s.Overloaded, s.Delay = true, time.Duration(q.delay.Load())
	}
	return s
}

// Turns gives the requests of a reactor their tickets: what had started when they may
// have come. The zero value is ready.
//
// Owner: reactor.
type Turns struct {
	look        time.Duration
	now, before uint64
}

// Ticket is for a request that came after the reactor looked for work at look.
func (t *Turns) Ticket(look time.Duration, q *Queue) uint64 {
	if look != t.look {
		t.look, t.before, t.now = look, t.now, q.Started()
	}
	return t.before
}
