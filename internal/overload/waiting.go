package overload

import "time"

// Order is which of the requests that wait for a core goes first.
type Order uint8

// The orders.
const (
	OldestFirst Order = iota
	// Mixed: the newest three times of four, then the oldest. There may be overload: who
	// comes now is in time, and who came before is not late for ever.
	Mixed
	// NewestFirst: those who have waited for too long are refused.
	NewestFirst
)

// manyWaiting is from how many on it may be overload that they have become twice as many.
const manyWaiting = 32

// waits is what is known of the requests that wait where they are counted.
//
// Owner: the mu of its queue.
type waits struct {
	on    bool
	since time.Duration
	// first is how many there were then, before how many at most in the first half of an
	// interval.
	first, before int
}

// Waiting is told that n requests wait for the core, the oldest of them for age, and says
// which of them goes first. It sees overload sooner than Start, which has to wait for
// one that came an interval later: more and more wait, by growth more at the end of an interval
// than at any time in its first half, and by a quarter. A crowd that has grown so within two
// intervals comes faster than it is served, whether they wait for their
// answers or not; a burst has become smaller by then, and users who are as many as
// before wait as many as before.
func (q *Queue) Waiting(now, age time.Duration, n int) Order {
	q.mu.Lock()
	defer q.mu.Unlock()
	w := &q.waits
	if q.state.Load() == overloaded {
		w.on = false
		if apart(now, q.refused) < q.rule.Interval {
			return NewestFirst
		}
		q.state.Store(calm)
	}
	span := now - w.since
	switch {
	case age < q.rule.Target:
		w.on = false
		return OldestFirst
	case !w.on || span < 0 || span >= 2*q.rule.Interval:
		*w = waits{on: true, since: now, first: n, before: n}
	case span < q.rule.Interval/2:
		w.before = max(w.before, n)
	case span >= q.rule.Interval && n >= w.before+max(growth, w.before/4):
		q.state.Store(overloaded)
		q.refused, q.told = now, false
		return NewestFirst
	}
	if n >= max(2*w.first, manyWaiting) {
		return Mixed
	}
	return OldestFirst
}

// Overdue tells whether w, which waits and does not start yet, is refused.
func (q *Queue) Overdue(w Work) Verdict {
	if q.state.Load() != overloaded {
		return Admit
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	v := q.overdue(w)
	if v != Admit {
		q.delay.Store(int64(w.Age))
		q.shed[w.Class].Add(1)
	}
	return v
}
