package http1

import (
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/exchange"
)

// Goroutines that are runnable have one queue, in which nothing goes past another. So a core
// hands out no more lent connections than come to a processor within some milliseconds
// (reactor.Room), and keeps the others here, where urgent ones pass them and those that have
// waited for too long are refused without a goroutine.

// queue is the lent connections that wait for a goroutine.
//
// Owner: reactor.
type queue struct {
	core      *core
	lanes     [exchange.Lanes]lane
	waiting   int
	picks     uint
	scheduled bool
	open      bool // nobody waits any more: the core was cut
}

// oldestEvery is how often the oldest one of all lanes goes first, unless those are refused:
// no lane waits for ever while another one is never empty.
const oldestEvery = 4

// give lets a goroutine work on c, which was lent to it, now or later.
func (q *queue) give(c *conn) {
	k := q.core
	arrivals := k.server.cfg.Arrivals
	if arrivals == nil || !c.begun || c.x.Refusal != nil {
		k.spawn(c) // there is no order, or it shakes hands, or its answer costs little
		return
	}
	at := arrivals.Lane(c.x)
	if at == exchange.Ahead || q.open || q.waiting == 0 && k.room() > 0 {
		k.spawn(c)
		return
	}
	q.lanes[at].push(queued{c, k.reactor.Looked()})
	q.waiting++
	q.goOn()
}

// goOn sees to it that the queue has its turn as soon as somebody may leave it.
func (q *queue) goOn() {
	if !q.scheduled {
		q.scheduled = true
		q.core.whenRoom((*queueTurn)(q))
	}
}

// queueTurn is the part of a turn of the reactor that a queue has when there is room.
//
// Owner: reactor.
type queueTurn queue

// Run implements [async.Task].
func (t *queueTurn) Run() {
	q := (*queue)(t)
	q.scheduled = false
	if q.waiting == 0 {
		return
	}
	defer func() { // also when code of others has panicked: a log handler
		if q.waiting > 0 {
			q.goOn()
		}
	}()
	k := q.core
	order := k.server.cfg.Arrivals.Waiting(k.reactor, q.waiting, q.since())
	if order == exchange.NewestFirst {
		q.refuse()
	}
	for q.waiting > 0 && k.room() > 0 {
		k.spawn(q.next(order))
	}
}

// since is since when the oldest one may have waited.
func (q *queue) since() time.Duration { return q.lanes[q.oldest()].oldest().since }

// oldest is the lane of the oldest one.
func (q *queue) oldest() (at exchange.Lane) {
	for i := range q.lanes {
		if l := &q.lanes[i]; l.len() > 0 && (q.lanes[at].len() == 0 || l.oldest().since < q.lanes[at].oldest().since) {
			at = exchange.Lane(i)
		}
	}
	return at
}

// next takes one that waits.
func (q *queue) next(order exchange.Order) *conn {
	q.waiting--
	q.picks++
	if order != exchange.NewestFirst && q.picks%oldestEvery == 0 {
		return q.lanes[q.oldest()].popOldest()
	}
	l := &q.lanes[exchange.First]
	for at := exchange.First; l.len() == 0; at++ {
		l = &q.lanes[at]
	}
	if order == exchange.OldestFirst {
		return l.popOldest()
	}
	return l.popNewest()
}

// refuse answers those who have waited for too long.
func (q *queue) refuse() {
	overdue := q.core.server.cfg.Arrivals.Overdue
	for i := range q.lanes {
		q.waiting -= q.lanes[i].remove(func(c *conn) bool {
			if !overdue(c.x) {
				return false
			}
			c.takeBack()
			return true
		})
	}
}

// release hands out all of them: they are cut off, and their goroutines learn it at once.
func (q *queue) release() {
	q.open = true
	for q.waiting > 0 {
		q.core.spawn(q.next(exchange.OldestFirst))
	}
}

// takeBack gives a connection for which there was no goroutine back to its reactor, which
// answers.
func (c *conn) takeBack() {
	c.loan.mu.Lock()
	c.x.OwnerChanged(true)
	c.owner.Store(ownedByReactor)
	c.loan.mu.Unlock()
	(*recalled)(c).Run()
}

// queued is a connection that waits.
//
// Owner: its queue.
type queued struct {
	c     *conn
	since time.Duration // by the reactor
}

// lane is those who wait in one place, in the order in which they came.
//
// Owner: its queue.
type lane struct {
	all  []queued
	head int // all[:head] is gone
}

func (l *lane) len() int        { return len(l.all) - l.head }
func (l *lane) oldest() *queued { return &l.all[l.head] }

// push makes the room of those who are gone before that of new ones, once they are half of
// all: so each one is moved no more than once for one who has gone.
func (l *lane) push(one queued) {
	if len(l.all) == cap(l.all) && l.head > len(l.all)/2 {
		n := copy(l.all, l.all[l.head:])
		clear(l.all[n:])
		l.all, l.head = l.all[:n], 0
	}
	l.all = append(l.all, one)
}

func (l *lane) popOldest() *conn {
	c := l.all[l.head].c
	l.all[l.head] = queued{}
	l.head++
	l.rest()
	return c
}

func (l *lane) popNewest() *conn {
	last := len(l.all) - 1
	c := l.all[last].c
	l.all[last] = queued{}
	l.all = l.all[:last]
	l.rest()
	return c
}

// keptRoom is how many places an empty lane keeps: 16 KiB.
const keptRoom = 1024

// rest begins at the front again when the lane is empty.
func (l *lane) rest() {
	if l.len() > 0 {
		return
	}
	l.all, l.head = l.all[:0], 0
	if cap(l.all) > keptRoom {
		l.all = nil
	}
}

// remove takes out those of which gone is true, and returns how many.
func (l *lane) remove(gone func(c *conn) bool) (n int) {
	kept := l.head
	for i := l.head; i < len(l.all); i++ {
		if one := l.all[i]; gone(one.c) {
			n++
		} else {
			l.all[kept] = one
			kept++
		}
	}
	clear(l.all[kept:])
	l.all = l.all[:kept]
	l.rest()
	return n
}

var _ async.Task = (*queueTurn)(nil)
