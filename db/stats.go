package db

import "time"

// Stats is a snapshot of a pool. Gauges are of now, counters since Open.
//
// Owner: any (a plain value).
type Stats struct {
	Driver string `json:"driver"`

	Open     int `json:"open"`      // connections
	Idle     int `json:"idle"`      // connections with nothing to do
	Busy     int `json:"busy"`      // connections that run a statement or are held by a transaction or stream
	Waiting  int `json:"waiting"`   // calls that wait for a connection
	InFlight int `json:"in_flight"` // calls given to connections; more than Busy where they are pipelined
	Depth    int `json:"depth"`     // of the deepest pipeline: the most calls on one connection

	Waits      uint64        `json:"waits"`      // calls that had to wait
	WaitTime   time.Duration `json:"wait_time"`  // their waiting, summed up
	Queries    uint64        `json:"queries"`    // finished calls, however they ended
	Errors     uint64        `json:"errors"`     // of these, failed other than by cancellation
	Cancelled  uint64        `json:"cancelled"`  // of these, cancelled by the caller
	Exhausted  uint64        `json:"exhausted"`  // of Errors, ErrPoolExhausted
	Broken     uint64        `json:"broken"`     // connections that were lost
	Reconnects uint64        `json:"reconnects"` // connections opened in place of broken ones
	Interrupts uint64        `json:"interrupts"` // statements that the database was asked to stop
	Leaks      uint64        `json:"leaks"`      // transactions and streams named in the log for doing nothing
	Overflows  uint64        `json:"overflows"`  // calls given to another core, whose connections were idle

	Cores []Stats `json:"cores,omitempty"` // per core, where connections belong to cores
}

// Add sums up the numbers of o, as for a total over cores; Depth is the greater
// one. Driver and Cores stay.
func (s *Stats) Add(o Stats) {
	s.Open += o.Open
	s.Idle += o.Idle
	s.Busy += o.Busy
	s.Waiting += o.Waiting
	s.InFlight += o.InFlight
	s.Depth = max(s.Depth, o.Depth)
	s.Waits += o.Waits
	s.WaitTime += o.WaitTime
	s.Queries += o.Queries
	s.Errors += o.Errors
	s.Cancelled += o.Cancelled
	s.Exhausted += o.Exhausted
	s.Broken += o.Broken
	s.Reconnects += o.Reconnects
	s.Interrupts += o.Interrupts
	s.Leaks += o.Leaks
	s.Overflows += o.Overflows
}
