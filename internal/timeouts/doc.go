// Package timeouts ends work that takes too long, where nearly all of it ends in time: to
// set and to stop a timeout costs two short locks and no timer of the runtime.
//
//	var q timeouts.Queue
//	var t timeouts.Timeout // a part of what it ends
//	t.Of(work, time.Now().Add(time.Second))
//	q.Set(&t)
//	…
//	expired := q.Stop(&t)
//
// # How it works
//
// A [Queue] is a list in the order in which its timeouts expire. Most have the same duration as the
// one before, so that a new one belongs at the end. One timer of the runtime waits for the first. A
// timeout that is stopped leaves the list and not the timer, which finds nothing to do then and
// waits for who is first by that time: a process at rest wakes once and no more.
// One that would have to go past many others, because durations differ, gets a timer of its own.
//
// # Who owns what
//
// A Queue for each core, so that cores do not wait for each other's lock; any goroutine
// may use it. A [Timeout] belongs to the queue it is set in, and is not used again.
package timeouts
