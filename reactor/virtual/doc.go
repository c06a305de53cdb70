// Package virtual gives tests a reactor with sockets in memory:
//
//	v := virtual.New(seed)
//	defer v.Close()
//	fd, peer := v.Net.Pair()
//	v.Reactor.Register(fd, server)
//	peer.Send("ping")
//	v.RunUntilIdle()
//	v.Advance(time.Minute) // timeouts, without waiting
//
// A [Loop] is a [reactor.Virtual], which has the manual clock and the shuffled order,
// on the poller of internal/poll/sim. The same seed gives the same order of tasks,
// timers and events, and the same cuts of reads and writes where they are chopped.
//
// All of it belongs to the test's goroutine, but for the peers, which any may use. It
// costs microseconds a turn, and refuses nothing that a real reactor takes.
package virtual
