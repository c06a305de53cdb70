package exchange

import (
	"time"

	"github.com/fasterapi/fasterapi/reactor"
)

// Arrivals hears of requests that wait for the processor.
//
// Owner: any (immutable after New).
type Arrivals interface {
	// Arrive is called, behind Begin, before the first Serve of a request that did not wait
	// for an earlier one of its connection, with the moment since when it may have waited,
	// as the reactor of x counts (Elapsed). It must not block.
	Arrive(x *Exchange, since time.Duration)
	// Lane is where x stands while requests wait for a goroutine. It is called behind Begin.
	Lane(x *Exchange) Lane
	// Waiting is called on the reactor in each of its turns in which n requests wait for a
	// goroutine, the oldest of them since that moment, and says which of them goes first.
	Waiting(r *reactor.Reactor, n int, since time.Duration) Order
	// Overdue is called on the reactor for requests that wait while the order is
	// NewestFirst. It refuses x, and returns true, when that has waited for too long.
	Overdue(x *Exchange) bool
}

// Lane is one of the queues for a goroutine: who stands in an earlier one goes first.
type Lane uint8

// The lanes.
const (
	Ahead  Lane = iota // does not wait
	First              // goes before the others
	Middle             // as most do
	Last               // behind all others
	Lanes
)

// Order is which request of a lane goes first.
type Order uint8

// The orders.
const (
	// OldestFirst is the order in good times.
	OldestFirst Order = iota
	// Mixed is the newest three times of four, and the oldest of all lanes then.
	Mixed
	// NewestFirst lets nobody wait for those who came before: they are Overdue soon.
	NewestFirst
)
