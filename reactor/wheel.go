package reactor

import (
	"math/bits"
	"time"

	"github.com/fasterapi/fasterapi/async"
)

// A hierarchical timing wheel (Varghese and Lauck, 1987). Time is counted in
// ticks of 1 ms. Level 0 has a slot per tick, level 1 a slot per 64 ticks, and
// so on; a timer sits on the level of the highest 6-bit digit in which its
// tick differs from now's:
//
//	now 0:01:05 (digits in base 64)
//	timer at 0:01:09 -> level 0, slot 9      due in 4 ticks
//	timer at 0:03:00 -> level 1, slot 3      moves to level 0 when now is 0:03:00
//
// All timers of a level share the digits above it with now, so slots never
// wrap, and the first occupied slot of the lowest occupied level is next.
const (
	tick    = time.Millisecond
	digit   = 6
	perTurn = 1 << digit
	levels  = 7 // 2^42 ms: 139 years
	dueMark = levels
	never   = 1<<63 - 1 // as a tick or as nanoseconds

	maxDelay = time.Duration(1<<40) * tick / 2 // keeps tick arithmetic within the wheel
)

// Timer runs its Task once, some time after [Reactor.Arm]. It is meant to be a
// field of what it serves: arming it allocates nothing. The zero value with a
// Task is ready; it must not be copied while armed.
//
// Owner: reactor.
type Timer struct {
	Task       async.Task
	when       int64 // tick
	next, prev *Timer
	level      uint8
	slot       uint8
}

// Armed tells whether the timer is waiting to run.
func (t *Timer) Armed() bool { return t.next != nil }

// timerList is a ring of timers in arming order; the zero value is empty.
//
// Owner: reactor.
type timerList struct{ first *Timer }

func (l *timerList) push(t *Timer) {
	if l.first == nil {
		l.first, t.next, t.prev = t, t, t
		return
	}
	t.next, t.prev = l.first, l.first.prev
	t.prev.next, t.next.prev = t, t
}

func (l *timerList) remove(t *Timer) {
	if t.next == t {
		l.first = nil
	} else {
		t.prev.next, t.next.prev = t.next, t.prev
		if l.first == t {
			l.first = t.next
		}
	}
	t.next, t.prev = nil, nil
}

// wheel holds the armed timers of one reactor.
//
// Owner: reactor.
type wheel struct {
	now      int64 // tick up to which everything due was moved to due
	next     int64 // nanoseconds: nothing is to be done before; never: nothing at all
	count    int   // armed timers, due ones included
	due      timerList
	occupied [levels]uint64
	slots    [levels][perTurn]timerList
}

func (w *wheel) init() { w.next = never }

// add arms t for the first tick that is not before ns, and after now.
func (w *wheel) add(t *Timer, ns int64) {
	t.when = max((ns+int64(tick)-1)/int64(tick), w.now+1)
	w.count++
	w.put(t)
	w.next = min(w.next, w.earliest(t))
}

// put files t by its tick; one that is due goes to the due list.
func (w *wheel) put(t *Timer) {
	diff := uint64(t.when ^ w.now)
	if diff == 0 {
		t.level = dueMark
		w.due.push(t)
		return
	}
	level := (bits.Len64(diff) - 1) / digit
	slot := uint8(t.when>>(level*digit)) & (perTurn - 1)
	t.level, t.slot = uint8(level), slot
	w.slots[level][slot].push(t)
	w.occupied[level] |= 1 << slot
}

// earliest returns the time in nanoseconds at which t's slot comes up.
func (w *wheel) earliest(t *Timer) int64 {
	shift := t.level * digit
	return t.when >> shift << shift * int64(tick)
}

// remove disarms t, which must be armed.
func (w *wheel) remove(t *Timer) {
	w.count--
	if t.level == dueMark {
		w.due.remove(t)
		return
	}
	list := &w.slots[t.level][t.slot]
	list.remove(t)
	if list.first == nil {
		w.occupied[t.level] &^= 1 << t.slot
	}
}

// advance moves every timer that is due at ns to the due list.
func (w *wheel) advance(ns int64) {
	target := ns / int64(tick)
	for {
		level, at := w.first()
		if at > target {
			w.now = max(w.now, target)
			w.next = never
			if level < levels {
				w.next = at * int64(tick)
			}
			return
		}
		w.now = at
		w.spill(level, at)
	}
}

// first returns the level and tick of the slot that comes up next.
func (w *wheel) first() (level int, at int64) {
	for level := range levels {
		if w.occupied[level] == 0 {
			continue
		}
		slot := int64(bits.TrailingZeros64(w.occupied[level]))
		shift := level * digit
		base := w.now >> (shift + digit) << (shift + digit)
		return level, base + slot<<shift
	}
	return levels, never
}

// longSlot is how many timers of a slot soonest looks at: some 2 ns each, which a reactor that parks has.
const longSlot = 16

// soonest is when the first timer is due, in nanoseconds, for a reactor that parks: the slot that comes up next
// may do so long before its timers are due, and again on each level below. Where there are many in it the time
// of the slot is good enough.
func (w *wheel) soonest() int64 {
	level, at := w.first()
	if w.due.first != nil || level == levels {
		return w.next
	}
	slot := at >> (level * digit) & (perTurn - 1)
	first := w.slots[level][slot].first
	least, t := first.when, first.next
	for n := 1; t != first; n, t = n+1, t.next {
		if n == longSlot {
			return w.next
		}
		least = min(least, t.when)
	}
	return max(w.next, least*int64(tick))
}

// spill empties the slot of a level that now has reached.
func (w *wheel) spill(level int, at int64) {
	slot := at >> (level * digit) & (perTurn - 1)
	list := &w.slots[level][slot]
	w.occupied[level] &^= 1 << slot
	for t := list.first; t != nil; t = list.first {
		list.remove(t)
		w.put(t)
	}
}

// pop takes the oldest due timer.
func (w *wheel) pop() *Timer {
	t := w.due.first
	if t != nil {
		w.remove(t)
	}
	return t
}
