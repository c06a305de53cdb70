package observe

import (
	"runtime"
	"sync/atomic"
)

// entry is a record as it lies in a ring: without what others know.
//
// Owner: the state of its slot.
type entry struct {
	Ended
	verdict
}

// verdict is what a Recorder makes of a request that has ended.
//
// Owner: as the entry it is a part of.
type verdict struct {
	took    int64 // ns, from Began
	latency int64 // ns
	method  uint8
	slow    bool
	failed  bool
	detail  *Detail
}

// slot is a place of a ring.
//
// Owner: whoever has taken it; taken: any (atomic).
type slot struct {
	taken atomic.Bool
	used  bool
	entry entry
}

// ring keeps the latest entries. A writer never waits.
//
// Owner: any (atomic).
type ring struct {
	next   atomic.Uint64
	missed atomic.Int64
	slots  []slot
}

func newRing(n int) *ring { return &ring{slots: make([]slot, n)} }

// put keeps a request in the place of the oldest, unless somebody is there. What is copied is 300 bytes, and once.
func (r *ring) put(done *Ended, v *verdict) {
	s := &r.slots[(r.next.Add(1)-1)%uint64(len(r.slots))]
	if !s.taken.CompareAndSwap(false, true) {
		r.missed.Add(1)
		return
	}
	s.entry.Ended, s.entry.verdict, s.used = *done, *v, true
	s.taken.Store(false)
}

// each copies what is there, in no order.
func (r *ring) each(yield func(e *entry)) {
	for i := range r.slots {
		s := &r.slots[i]
		for !s.taken.CompareAndSwap(false, true) {
			runtime.Gosched() // a writer is there for some 20 ns, or another reader
		}
		e, used := s.entry, s.used
		s.taken.Store(false)
		if used {
			yield(&e)
		}
	}
}
