package fasterapitest

import (
	"time"

	"github.com/fasterapi/fasterapi/reactor"
)

// NewClock returns a clock for [fasterapi.Config].Clock that stands still until
// its Advance is called: a test of an hour's timeout takes a moment.
//
//	clock := fasterapitest.NewClock()
//	app := fasterapi.New(fasterapi.Config{Clock: clock})
//	…
//	clock.Advance(time.Hour)
//
// It drives what the app waits for: async.Sleep, Timeout and Retry of futures, CancelAfter
// and the timeout middleware, heartbeats of event streams, pings of WebSockets, the timeouts of
// the HTTP/1.1 engine. Where middleware and security take a Now function, give them
// clock.Now. It starts at the real time, because libraries compare the deadline of
// a context with that. Waiting for a slow network, the drain at the end and code that asks package
// time itself go by the real clock.
//
// Call WaitForTimers before Advance when a handler has to reach its sleep first.
func NewClock() *reactor.ManualClock { return reactor.NewManualClock(time.Time{}) }
