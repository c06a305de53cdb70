// Package http1 serves HTTP/1.1 (RFC 9110, RFC 9112) on the sockets of
// reactors.
//
// It knows bytes, time and connections; what a request means is the business
// of the [exchange.Handler] it is given.
//
// # The way of a request
//
//	config.go     the limits
//	server.go     what is started and stopped; core.go: the share of one reactor
//	listener.go   a descriptor is accepted and given to the least loaded core (arrivals.go),
//	              by the watchdog while a handler holds a core (stuck.go)
//	secure.go     its TLS handshake is made, if there is one
//	turns.go      which handshakes may compute
//	callbacks.go  what looks for certificates meanwhile
//	conn.go       its events arrive; advance() is the state machine
//	state.go      the states it is in, and which of them go together
//	input.go      bytes are read
//	preface.go    a client that speaks HTTP/2 without TLS is handed over
//	head.go       they become a request head (package wire parses)
//	body.go       the body is collected, discarded or left to stream (bodyreader.go)
//	refuse.go     what is wrong with it is the handler's to answer
//	dispatch.go   the handler serves the exchange
//	answer.go     its response becomes bytes (opening.go, elsewhere.go: those that do not change;
//	              stream.go: when it comes in pieces; inform.go: what is sent before it)
//	coroutine.go  what follows runs on a coroutine of the reactor, if it may suspend
//	loan.go       the connection is lent to a goroutine, and comes back
//	queue.go      it waits for one that will soon be on a processor (exchange.Queue)
//	wait.go       that goroutine waits for its client
//	hijack.go     a handler takes the connection over
//	patience.go   deadlines
//	unsent.go     what waits for clients who do not read is bounded
//	cutoff.go     an answer that its client has not taken is named in the log
//	close.go      the connection ends
//
// # Who owns a connection
//
// A connection has one owner at a time: its reactor, or the pooled goroutine
// that serves its current request. advance() runs on the owner, whoever that
// is; it is the same code. While a goroutine has the connection on loan the
// reactor only notes the events that arrive (loan.go). The goroutine gives the
// connection back when it needs an event that has not come yet. Why it is so,
// and what holds in between: docs/decisions/0004.
//
// A handler may read the body of its request on another goroutine than it writes the
// response on. Then the two share the output of the socket, under a lock, and wait for the
// client in places of their own (wait.go). The end of the exchange ends a read that
// waits.
//
// The reactor itself may work on a coroutine (Serve: NeedCoroutine). A handler that is
// suspended there is a pending exchange like any other (coroutine.go).
//
//	           accept
//	             |
//	             v      Serve: Move (goroutine style)
//	+---> owned by reactor ----------------------> on loan to a goroutine ---+
//	|            |  ^                                 |   serves, reads and  |
//	|   Serve: Later|                                 |   writes pipelined   |
//	|   or suspended|                                 |   requests           |
//	|            v  | Finish, scheduled; or resumed   |                      |
//	|      exchange pending                           v                      |
//	+-------------------------------- needs an event, or Serve: Move --------+
//
// # Cost
//
// An idle connection holds no buffer and no exchange: 400 bytes of heap, 750 of
// resident memory (TestIdleConnections), without TLS. A request on a warm connection
// allocates nothing. All responses to the requests of one read leave in one
// write.
//
// # What it refuses
//
// Whatever RFC 9112 calls ambiguous (package wire), heads and bodies over
// their limits, clients slower than the timeouts of [Config]. The handler answers
// what is refused (see [exchange.Exchange.Refuse]), once at least a byte of a head
// has come; then the connection closes, because the framing is in doubt.
package http1
