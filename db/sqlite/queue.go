package sqlite

import "github.com/fasterapi/fasterapi/db/driver"

// The states of a query, in its Hook.
const (
	stateNew     uint8 = iota
	stateQueued        // Holder is its *queue
	stateRunning       // Holder is its *conn
	stateDone
)

// queue is a list of waiting queries, first in, first out.
//
// Owner: the driver's mu.
type queue struct {
	head, tail *driver.Query
	length     int
}

func (l *queue) push(q *driver.Query) {
	q.Hook.State, q.Hook.Holder = stateQueued, l
	q.Hook.Prev, q.Hook.Next = l.tail, nil
	if l.tail != nil {
		l.tail.Hook.Next = q
	} else {
		l.head = q
	}
	l.tail = q
	l.length++
}

// remove takes q out, which must be in the list.
func (l *queue) remove(q *driver.Query) {
	if q.Hook.Prev != nil {
		q.Hook.Prev.Hook.Next = q.Hook.Next
	} else {
		l.head = q.Hook.Next
	}
	if q.Hook.Next != nil {
		q.Hook.Next.Hook.Prev = q.Hook.Prev
	} else {
		l.tail = q.Hook.Prev
	}
	q.Hook.Prev, q.Hook.Next = nil, nil
	l.length--
}

// pop takes the first one out; nil when there is none.
func (l *queue) pop() *driver.Query {
	q := l.head
	if q != nil {
		l.remove(q)
	}
	return q
}
