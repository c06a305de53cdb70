// Package sim is a poller with sockets in memory, for tests: what a client
// does, when bytes arrive and how a write is cut short is up to the test, and
// happens the same way every time.
//
//	net := sim.New(seed)
//	fd, peer := net.Pair() // fd is the poller's side
//	peer.Send("ping")
//	n, errno := net.Read(fd, buf)
//
// A [Net] is the poller and its side of every connection; a [Peer] is the
// other side, for the test. Edges come as epoll gives them: when bytes or
// connections arrive, when room appears after a write that found none, when
// the peer closes or resets. Everything is guarded by one mutex, so workers may
// use the socket calls and tests may drive peers from other goroutines.
//
// It refuses unknown descriptors with EBADF, as the kernel does.
package sim
