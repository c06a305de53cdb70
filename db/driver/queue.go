package driver

// Queue is a list of queries, first in, first out, linked through their hooks: it
// allocates nothing, and a query may leave from its middle. A query is in one queue
// at a time. The zero value is empty.
//
// Owner: the driver: a reactor, or a lock.
type Queue struct {
	first, last *Query
	length      int
}

// Len is how many queries are in it.
func (l *Queue) Len() int { return l.length }

// First is the query that Pop would take; nil when there is none.
func (l *Queue) First() *Query { return l.first }

// Push adds q at the end.
func (l *Queue) Push(q *Query) {
	q.Hook.Prev, q.Hook.Next = l.last, nil
	if l.last != nil {
		l.last.Hook.Next = q
	} else {
		l.first = q
	}
	l.last = q
	l.length++
}

// Remove takes q out, which must be in it.
func (l *Queue) Remove(q *Query) {
	if q.Hook.Prev != nil {
		q.Hook.Prev.Hook.Next = q.Hook.Next
	} else {
		l.first = q.Hook.Next
	}
	if q.Hook.Next != nil {
		q.Hook.Next.Hook.Prev = q.Hook.Prev
	} else {
		l.last = q.Hook.Prev
	}
	q.Hook.Prev, q.Hook.Next = nil, nil
	l.length--
}

// Pop takes the first query out; nil when there is none.
func (l *Queue) Pop() *Query {
	q := l.first
	if q != nil {
		l.Remove(q)
	}
	return q
}
