package reactor

import "sync/atomic"

// The watchdog has nothing to look at while all reactors are parked. It sleeps then,
// and the first reactor that goes on wakes it: an idle process does not wake up.

// looksBeforeSleep is at how many looks in a row the watchdog finds every reactor
// parked, and where it was at the look before, until it sleeps. Under a load with
// longer gaps it is woken by nearly every request, which costs what some looks do.
const looksBeforeSleep = 4

// sleeper is the watchdog of a group, as its reactors know it.
//
// Owner: any (atomic, channel).
type sleeper struct {
	asleep atomic.Bool
	woken  chan struct{} // one slot, for whoever ended its sleep
}

func newSleeper() *sleeper { return &sleeper{woken: make(chan struct{}, 1)} }

// wake ends the watchdog's sleep. Any goroutine.
func (s *sleeper) wake() {
	if s.asleep.Load() && s.asleep.CompareAndSwap(true, false) {
		s.woken <- struct{}{}
	}
}

// sleep waits until a reactor goes on (true) or the watchdog is to end (false).
func (s *sleeper) sleep(reactors []*Reactor, end <-chan struct{}) bool {
	s.asleep.Store(true)
	// A reactor that goes on clears parked before it looks at asleep, and the watchdog
	// looks at parked last: one of the two sees the other.
	if !allParked(reactors) && s.asleep.CompareAndSwap(true, false) {
		return true
	}
	select {
	case <-s.woken:
		return true
	case <-end:
		return false
	}
}

func allParked(reactors []*Reactor) bool {
	for _, r := range reactors {
		if !r.parked.Load() {
			return false
		}
	}
	return true
}
