package resilience

import (
	"math/bits"
	"time"
)

// steps is in how many pieces a window moves.
const steps = 10

// window counts calls and failures of the time just past, in pieces. A clock that jumps ahead
// empties it; one that is set back makes it begin again.
//
// Owner: mu of the breaker. step: immutable.
type window struct {
	step            time.Duration
	begin           time.Time // of the piece that at points to
	at              int
	calls, failures [steps]int
}

// add counts a call at now.
func (w *window) add(now time.Time, failed bool) {
	w.move(now)
	w.calls[w.at]++
	if failed {
		w.failures[w.at]++
	}
}

// move makes at point to the piece of now.
func (w *window) move(now time.Time) {
	past := now.Sub(w.begin)
	if past >= 0 && past < w.step {
		return
	}
	if past < 0 || past >= steps*w.step {
		w.clear()
		w.begin = now
		return
	}
	for ; past >= w.step; past -= w.step {
		w.at = (w.at + 1) % steps
		w.calls[w.at], w.failures[w.at] = 0, 0
		w.begin = w.begin.Add(w.step)
	}
}

func (w *window) sum() (calls, failures int) {
	for i := range steps {
		calls += w.calls[i]
		failures += w.failures[i]
	}
	return calls, failures
}

// clear forgets everything.
func (w *window) clear() { *w = window{step: w.step} }

// maxProbes is how many slots there are.
const maxProbes = 64

// probes are the calls that a half-open breaker has let through. Each has a slot until it is
// reported, so that one which is reported twice does not free that of another.
//
// Owner: mu of the breaker.
type probes struct {
	taken uint64 // a bit for each slot
	won   int
	since [maxProbes]time.Time // when a slot was taken
	uses  [maxProbes]uint32    // how often
}

// take gives out a slot when fewer than most calls are under way and wanted. A call that
// has said nothing for the time of limit has lost its slot.
func (p *probes) take(now time.Time, most int, limit time.Duration) (slot int, ok bool) {
	free := -1
	for i := range most {
		if p.taken>>i&1 == 1 {
			if age := now.Sub(p.since[i]); age >= 0 && age < limit {
				continue
			}
			p.taken &^= 1 << i
			p.uses[i]++
		}
		free = i
	}
	if free < 0 || bits.OnesCount64(p.taken)+p.won >= most {
		return -1, false // those under way can close it
	}
	p.taken |= 1 << free
	p.since[free] = now
	return int(p.uses[free])<<6 | free, true
}

// giveBack frees a slot. It returns false when the call has it no more.
func (p *probes) giveBack(slot int) bool {
	i := slot & (maxProbes - 1)
	if p.taken>>i&1 == 0 || int(p.uses[i]) != slot>>6 {
		return false
	}
	p.taken &^= 1 << i
	p.uses[i]++
	return true
}
