package reactor

import "time"

// clock gives nanoseconds since it was made. It is an interface so that tests
// can move time by hand.
type clock interface {
	nanos() int64
	// at turns nanoseconds into a time that parking understands.
	at(ns int64) time.Time
	// wall is the time of day, and what nanos was at that moment.
	wall() (time.Time, int64)
}

// realClock reads the monotonic clock: 25-45 ns, so once per turn of the loop.
//
// Owner: any (immutable after New).
type realClock struct{ start time.Time }

func (c *realClock) nanos() int64          { return int64(time.Since(c.start)) }
func (c *realClock) at(ns int64) time.Time { return c.start.Add(time.Duration(ns)) }

func (c *realClock) wall() (time.Time, int64) {
	now := time.Now()
	return now, int64(now.Sub(c.start))
}

// rewall is how long a reactor derives the time of day from the monotonic
// clock before it looks at the wall again, which may have been set.
const rewall = int64(time.Second)

// Now returns the coarse clock: the time at which the current turn began.
func (r *Reactor) Now() time.Time {
	if r.now-r.wallAt >= rewall {
		r.wall, r.wallAt = r.clock.wall() // later than r.now by what the turn has taken so far
	}
	return r.wall.Add(time.Duration(r.now - r.wallAt))
}

// WallTime returns the clock as it is now, at the cost of reading it; see [async.Now]. Any
// goroutine.
func (r *Reactor) WallTime() time.Time {
	now, _ := r.clock.wall()
	return now
}

// Elapsed returns the coarse clock as the time since the reactor was made: it
// costs a load, and is the same for everything that happens in one turn. Owner
// only.
func (r *Reactor) Elapsed() time.Duration { return time.Duration(r.now) }

// Clock returns the present time as Elapsed counts it, at the cost of reading the clock.
// Any goroutine.
func (r *Reactor) Clock() time.Duration { return time.Duration(r.clock.nanos()) }

// Looked returns when the reactor looked for events the time before last, as Elapsed
// counts: what the events that it hands out now are about came later than that. Owner
// only.
func (r *Reactor) Looked() time.Duration { return time.Duration(r.looked) }

// readClock moves the coarse clock.
func (r *Reactor) readClock() int64 {
	r.now = r.clock.nanos()
	return r.now
}

func newRealClock() *realClock { return &realClock{start: time.Now()} }
