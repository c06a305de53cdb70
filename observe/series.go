package observe

import (
	"sync/atomic"
	"time"
)

// bounds are those that OpenTelemetry advises for http.server.request.duration, in ns.
var bounds = [...]int64{
	int64(5 * time.Millisecond), int64(10 * time.Millisecond), int64(25 * time.Millisecond), int64(50 * time.Millisecond),
	int64(75 * time.Millisecond), int64(100 * time.Millisecond), int64(250 * time.Millisecond), int64(500 * time.Millisecond),
	int64(750 * time.Millisecond), int64(time.Second), int64(2500 * time.Millisecond), int64(5 * time.Second),
	int64(7500 * time.Millisecond), int64(10 * time.Second),
}

// Bounds returns the largest time of each bucket but the last, which has none: those that
// OpenTelemetry's semantic conventions advise for http.server.request.duration.
func Bounds() []time.Duration {
	out := make([]time.Duration, len(bounds))
	for i, b := range bounds {
		out[i] = time.Duration(b)
	}
	return out
}

func bucketOf(ns int64) int {
	for i, b := range bounds {
		if ns <= b {
			return i
		}
	}
	return len(bounds)
}

// fine are those of the first bucket, which is most of what a service has to tell apart; no metric has them.
var fine = [...]int64{
	int64(100 * time.Microsecond), int64(250 * time.Microsecond), int64(500 * time.Microsecond),
	int64(time.Millisecond), int64(2500 * time.Microsecond),
}

// cellOf is the place of a time among fine and bounds.
func cellOf(ns int64) int {
	for i, b := range fine {
		if ns <= b {
			return i
		}
	}
	return len(fine) + bucketOf(ns)
}

// boundOf is the largest time of a place; that of the last is that before it.
func boundOf(cell int) int64 {
	if cell < len(fine) {
		return fine[cell]
	}
	return bounds[min(cell-len(fine), len(bounds)-1)]
}

// series counts the requests of a route with a method and a status, on one core.
//
// Owner: any (atomic); key: immutable.
type series struct {
	key     uint32
	next    atomic.Pointer[series]
	cells   [len(fine) + len(bounds) + 1]atomic.Int64
	sum     atomic.Int64 // ns
	in, out atomic.Int64 // bytes
	example atomic.Pointer[Exemplar]
}

// tally is what one core counts of a route.
//
// Owner: any (atomic).
type tally struct {
	active atomic.Int64
	first  atomic.Pointer[series]
	// queries, queryTime (ns) and repeated are about the statements of requests, see Work.
	queries, queryTime, repeated atomic.Int64
}

func seriesKey(method uint8, status int) uint32 { return uint32(method)<<16 | uint32(status) }

// of finds the series of key: the first of a route is that of its usual answer.
func (t *tally) of(key uint32) *series {
	at := &t.first
	for {
		s := at.Load()
		if s == nil {
			made := &series{key: key}
			if at.CompareAndSwap(nil, made) {
				return made
			}
			s = at.Load()
		}
		if s.key == key {
			return s
		}
		at = &s.next
	}
}

func (s *series) count(e *entry) {
	s.cells[cellOf(e.latency)].Add(1)
	s.sum.Add(e.latency)
	if e.BytesIn != 0 {
		s.in.Add(e.BytesIn)
	}
	if e.BytesOut != 0 {
		s.out.Add(e.BytesOut)
	}
}
