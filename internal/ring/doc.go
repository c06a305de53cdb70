// Package ring holds the two queues of a reactor: [Ring], which its owner
// fills and empties, and [Mailbox], which any goroutine fills and the owner
// empties.
//
//	mailbox.Push(v)         // on any goroutine
//	mailbox.Drain(&ring)    // on the owner's
//	v, ok := ring.Pop()
//
// Cost: a Ring push and pop are 2-3 ns; a Mailbox push is one uncontended
// mutex, 10-15 ns. Neither allocates once it has grown to its working size.
// Neither has a bound: back-pressure belongs to the code that accepts the work.
package ring
