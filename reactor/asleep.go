package reactor

import (
	"sync/atomic"
	"time"
)

// The watchdog has nothing to look at while all reactors are parked. It sleeps then,
// and the first reactor that goes on wakes it: an idle process does not wake up.

// looksBeforeSleep is at how many looks in a row the watchdog finds every reactor
// parked, and where it was at the look before, until it sleeps. Under a load with
// longer gaps it is woken by nearly every request, which costs what some looks do.
const looksBeforeSleep = 4

// longSleep is how long the watchdog has slept when one such look is enough: a process that does
// something once in a while, say to check a connection, wakes up for as little as can be.
const longSleep = time.Second

// looksAfter is looksBeforeSleep after a sleep of so long.
func looksAfter(slept time.Duration) int {
	if slept >= longSleep {
		return 1
	}
	return looksBeforeSleep
}

// sleeper is the watchdog of a group, as its reactors know it.
//
// Owner: any (atomic, channel).
type sleeper struct {
	asleep atomic.Bool
	woken  chan waking // one slot, for whoever ended its sleep
}

// waking is that a reactor goes on while the watchdog sleeps. The zero value is that nobody knows
// which one.
//
// Owner: the watchdog, which it was sent to.
type waking struct {
	reactor *Reactor
	units   int64 // pieces of work that it had begun
	at      time.Time
}

func newSleeper() *sleeper { return &sleeper{woken: make(chan waking, 1)} }

// wake ends the watchdog's sleep, because r goes on. Owner of r.
func (s *sleeper) wake(r *Reactor) {
	if s.asleep.Load() && s.asleep.CompareAndSwap(true, false) {
		s.woken <- waking{r, r.units, time.Now()}
	}
}

// sleep waits until a reactor goes on (true) or the watchdog is to end (false).
func (s *sleeper) sleep(reactors []*Reactor, end <-chan struct{}) (by waking, more bool) {
	s.asleep.Store(true)
	// A reactor that goes on clears parked before it looks at asleep, and the watchdog
	// looks at parked last: one of the two sees the other.
	if !allParked(reactors) && s.asleep.CompareAndSwap(true, false) {
		return by, true
	}
	select {
	case by = <-s.woken:
		return by, true
	case <-end:
		return by, false
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
