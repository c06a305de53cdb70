package driver

import (
	"sync/atomic"
	"time"
)

// Hook is room in a Query for the driver, so that queues need no allocation. It
// is zero when Start is called.
//
// Owner: the driver.
type Hook struct {
	Next, Prev *Query
	Holder     any       // the connection or queue that has it
	Data       any       // whatever belongs to it
	Since      time.Time // when it was queued
	State      uint8
	// Core is for drivers that give queries to one of several owners: which one
	// has it now, so that Cancel finds it. Any goroutine.
	Core atomic.Int32
}
