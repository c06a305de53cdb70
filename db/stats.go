package db

import "time"

// Stats is a snapshot of a pool. Gauges are of now, counters since Open.
//
// Owner: any (immutable after New).
type Stats struct {
	Driver string `json:"driver"`

	Open     int `json:"open"`      // connections
	Idle     int `json:"idle"`      // connections with nothing to do
	Busy     int `json:"busy"`      // connections that run a statement or are held by a transaction or stream
	Waiting  int `json:"waiting"`   // calls that wait for a connection
	InFlight int `json:"in_flight"` // calls given to connections; more than Busy where they are pipelined

	Waits      uint64        `json:"waits"`      // calls that had to wait
	WaitTime   time.Duration `json:"wait_time"`  // their waiting, summed up
	Queries    uint64        `json:"queries"`    // finished calls, however they ended
	Errors     uint64        `json:"errors"`     // of these, failed other than by cancellation
	Cancelled  uint64        `json:"cancelled"`  // of these, cancelled by the caller
	Exhausted  uint64        `json:"exhausted"`  // of Errors, ErrPoolExhausted
	Reconnects uint64        `json:"reconnects"` // connections opened in place of broken ones

	Cores []Stats `json:"cores,omitempty"` // per core, where connections belong to cores
}

// Add sums up the numbers of o, as for a total over cores.
func (s *Stats) Add(o Stats) {
	s.Open += o.Open
	s.Idle += o.Idle
	s.Busy += o.Busy
	s.Waiting += o.Waiting
	s.InFlight += o.InFlight
	s.Waits += o.Waits
	s.WaitTime += o.WaitTime
	s.Queries += o.Queries
	s.Errors += o.Errors
	s.Cancelled += o.Cancelled
	s.Exhausted += o.Exhausted
	s.Reconnects += o.Reconnects
}
