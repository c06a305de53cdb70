package broadcast

// kind says what an entry is.
type kind uint8

const (
	message kind = iota
	gap          // something is missing here
	void         // a place that subscribers of this instance have had already
)

// entry is one of a history.
//
// Owner: mu of the topic.
type entry[T any] struct {
	kind  kind
	at    place
	value T
}

// history is the last entries of a topic, a ring. Entries are counted from 0; [first, next) are kept.
//
// Owner: mu of the topic.
type history[T any] struct {
	ring        []entry[T]
	first, next uint64
	index       map[place]uint64 // of the kept entries but gaps
	head        place            // of the last entry
	// floor is the place right before the oldest entry; unknown when the one there was a gap.
	floor      place
	floorKnown bool
}

func newHistory[T any](keep int) history[T] {
	return history[T]{ring: make([]entry[T], keep), index: make(map[place]uint64)}
}

// begin says where an empty history begins.
func (h *history[T]) begin(at Position) {
	h.head = place{Position: at}
	h.floor, h.floorKnown = h.head, true
}

// add appends an entry, and drops the oldest when there is no room.
func (h *history[T]) add(e entry[T]) {
	size := uint64(len(h.ring))
	slot := &h.ring[h.next%size]
	if h.next-h.first == size {
		h.floor, h.floorKnown = slot.at, slot.kind != gap
		if slot.kind != gap {
			delete(h.index, slot.at)
		}
		h.first++
	}
	*slot = e
	if e.kind != gap {
		h.index[e.at] = h.next
	}
	h.head = e.at
	h.next++
}

// mark notes that something is missing. It is an entry of its own each time: those who have read the last mark have not read this one.
func (h *history[T]) mark(at place) { h.add(entry[T]{kind: gap, at: at}) }

// reader is where a subscriber stands.
//
// Owner: mu of the topic.
type reader struct {
	at     uint64   // the next entry
	behind Position // messages up to it are known, from another instance
	missed bool     // a gap comes first
}

// resume returns a reader of what follows after.
func (h *history[T]) resume(after place) reader {
	if at, ok := h.index[after]; ok {
		return reader{at: at + 1}
	}
	switch {
	case h.floorKnown && after == h.floor:
		return reader{at: h.first}
	case after.instance == "" && after.Epoch == h.head.Epoch && after.Seq > h.head.Seq:
		return reader{at: h.next, behind: after.Position} // another instance was faster
	case after == h.head:
		return reader{at: h.next}
	case after.instance != "": // told by another instance only: others may be missing
		r := h.resume(place{Position: after.Position})
		r.missed = true
		return r
	}
	r := reader{at: h.first, missed: true}
	for after.Epoch == h.head.Epoch && r.at < h.next {
		if at := h.ring[r.at%uint64(len(h.ring))].at; at.Epoch == after.Epoch && at.Seq > after.Seq {
			break
		}
		r.at++ // it was before
	}
	return r
}

// read returns the next entry of a reader; false: there is none yet. slow: it was overtaken, and e is the gap.
func (h *history[T]) read(r *reader) (e entry[T], ok, slow bool) {
	switch {
	case r.at < h.first:
		r.at, r.missed = h.first, false
		return entry[T]{kind: gap}, true, true
	case r.missed:
		r.missed = false
		return entry[T]{kind: gap}, true, false
	}
	for ; r.at < h.next; r.at++ {
		e = h.ring[r.at%uint64(len(h.ring))]
		known := e.kind == message && e.at.instance == "" && e.at.Epoch == r.behind.Epoch && e.at.Seq <= r.behind.Seq
		if e.kind != void && !known {
			r.at++
			return e, true, false
		}
	}
	return entry[T]{}, false, false
}
