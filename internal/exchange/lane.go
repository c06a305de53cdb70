package exchange

import "time"

// queued is a request that waits.
//
// Owner: its queue.
type queued struct {
	one   Queued
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

func (l *lane) popOldest() Queued {
	one := l.all[l.head].one
	l.all[l.head] = queued{}
	l.head++
	l.rest()
	return one
}

func (l *lane) popNewest() Queued {
	last := len(l.all) - 1
	one := l.all[last].one
	l.all[last] = queued{}
	l.all = l.all[:last]
	l.rest()
	return one
}

// keptRoom is how many places an empty lane keeps: 24 KiB.
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
func (l *lane) remove(gone func(one Queued) bool) (n int) {
	kept := l.head
	for i := l.head; i < len(l.all); i++ {
		if one := l.all[i]; gone(one.one) {
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
