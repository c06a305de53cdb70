package exchange

import (
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/reactor"
)

// Goroutines that are runnable have one queue, in which nothing goes past another. So a core
// hands out no more requests than come to a processor within some milliseconds
// (reactor.Room), and keeps the others here, where urgent ones pass them and those that have
// waited for too long are refused, without a goroutine where they have no middleware. All engines of a core share it.

// Queue is the requests of one core that wait for a goroutine.
//
// Owner: reactor.
type Queue struct {
	// Pace is who tells how many goroutines there may be: the reactor, but in tests.
	Pace Pace

	reactor   *reactor.Reactor
	arrivals  Arrivals // nil: there is no order
	lanes     [Lanes]lane
	waiting   int // in lanes
	refused   lane
	turns     uint
	picks     uint
	scheduled bool
	open      bool // nobody waits any more: the core was cut
}

// Pace paces the work that is handed to goroutines: a [reactor.Reactor].
type Pace interface {
	// Room tells for how many more requests there is a goroutine soon.
	Room() int
	// WhenRoom runs t when there is one.
	WhenRoom(t async.Task)
}

// Queued is a request that may wait for a goroutine. Its methods are called on the reactor.
type Queued interface {
	// Waiter is its exchange.
	Waiter() *Exchange
	// Lend gives it to a goroutine: its turn has come.
	Lend()
	// TakeBack leaves it to its reactor, which answers it: it was refused.
	TakeBack()
}

// NewQueue returns the queue of r, of which a, if it is not nil, says who goes first.
func NewQueue(r *reactor.Reactor, a Arrivals) *Queue {
	return &Queue{Pace: r, reactor: r, arrivals: a}
}

// oldestEvery is how often the oldest one of all lanes goes first, unless those are refused:
// no lane waits for ever while another one is never empty.
const oldestEvery = 4

// Give lets a goroutine have one, now or later. A refused one has middleware to go through: it
// waits for no other, but for its share of the room.
func (q *Queue) Give(one Queued) {
	switch {
	case q.arrivals == nil, q.open:
		one.Lend()
		return
	case one.Waiter().Refusal != nil:
		q.refused.push(queued{one, q.reactor.Looked()})
		q.letRefused()
		return
	}
	at := q.arrivals.Lane(one.Waiter())
	if at == Ahead || q.waiting == 0 && q.Pace.Room() > 0 {
		one.Lend()
		return
	}
	q.lanes[at].push(queued{one, q.reactor.Looked()})
	q.waiting++
	q.goOn()
}

// Waiting is how many wait, refused ones aside.
func (q *Queue) Waiting() int { return q.waiting }

// letRefused lends refused ones while there is room. They go first, because their answers cost
// little, but the last place of every second turn is for those who are served: a flood of refusals
// must not cost what they are to save, nor keep everybody else out.
func (q *Queue) letRefused() {
	kept := 0
	if q.waiting > 0 && q.turns%2 == 0 {
		kept = 1
	}
	for q.refused.len() > 0 && q.Pace.Room() > kept {
		q.refused.popOldest().Lend()
	}
	if q.refused.len() > 0 {
		q.goOn()
	}
}

// goOn sees to it that the queue has its turn as soon as somebody may leave it.
func (q *Queue) goOn() {
	if !q.scheduled {
		q.scheduled = true
		q.Pace.WhenRoom((*queueTurn)(q))
	}
}

// queueTurn is the part of a turn of the reactor that a queue has when there is room.
//
// Owner: reactor.
type queueTurn Queue

// Run implements [async.Task].
func (t *queueTurn) Run() {
	q := (*Queue)(t)
	q.scheduled = false
	q.turns++
	defer func() { // also when code of others has panicked: a log handler
		if q.waiting > 0 || q.refused.len() > 0 {
			q.goOn()
		}
	}()
	q.letRefused()
	if q.waiting == 0 {
		return
	}
	order := q.arrivals.Waiting(q.reactor, q.waiting, q.since())
	if order == NewestFirst {
		q.refuse()
	}
	for q.waiting > 0 && q.Pace.Room() > 0 {
		q.next(order).Lend()
	}
}

// since is since when the oldest one may have waited.
func (q *Queue) since() time.Duration { return q.lanes[q.oldest()].oldest().since }

// oldest is the lane of the oldest one.
func (q *Queue) oldest() (at Lane) {
	for i := range q.lanes {
		if l := &q.lanes[i]; l.len() > 0 && (q.lanes[at].len() == 0 || l.oldest().since < q.lanes[at].oldest().since) {
			at = Lane(i)
		}
	}
	return at
}

// next takes one that waits.
func (q *Queue) next(order Order) Queued {
	q.waiting--
	q.picks++
	if order != NewestFirst && q.picks%oldestEvery == 0 {
		return q.lanes[q.oldest()].popOldest()
	}
	l := &q.lanes[First]
	for at := First; l.len() == 0; at++ {
		l = &q.lanes[at]
	}
	if order == OldestFirst {
		return l.popOldest()
	}
	return l.popNewest()
}

// refuse answers those who have waited for too long.
func (q *Queue) refuse() {
	for i := range q.lanes {
		q.waiting -= q.lanes[i].remove(func(one Queued) bool {
			if !q.arrivals.Overdue(one.Waiter()) {
				return false
			}
			one.TakeBack()
			return true
		})
	}
}

// Release hands out all of them, and nobody waits from now on: the core is cut off, and its
// goroutines learn it at once.
func (q *Queue) Release() {
	q.open = true
	for q.waiting > 0 {
		q.next(OldestFirst).Lend()
	}
	for q.refused.len() > 0 {
		q.refused.popOldest().Lend()
	}
}

var _ async.Task = (*queueTurn)(nil)
