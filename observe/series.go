package observe

import (
	"math"
	"math/bits"
	"slices"
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

// Native histograms of Prometheus have buckets whose bounds grow by a factor: with
// [NativeSchema] by 2^(1/4), 19 %. Those are counted from lowest on, about 1 us, to
// highest, 64 s; what is longer counts in the bucket behind.
const (
	NativeSchema = 2
	perOctave    = 1 << NativeSchema
	lowest       = -20 * perOctave
	highest      = 6 * perOctave
)

// NativeZero is the time up to which requests are in the zero bucket of [Series.Native].
const NativeZero = time.Second >> (-lowest / perOctave)

// cells is how many places there are to count a time in: one between two neighbours among
// the bounds of both kinds of buckets, so that one number serves both. The last has no
// upper bound.
const cells = len(bounds) + highest - lowest + 1 - shared + 1

// shared are the bounds of both kinds: 250 ms, 500 ms and 1 s.
const shared = 3

// cell says what a cell is part of.
type cell struct {
	upTo   int64 // ns
	bucket int   // of bounds
	native int   // the index of its native bucket; lowest: the zero bucket
}

// grid are the cells, in order; from is the first one that a time with so many bits can
// be in.
var grid, from = func() (grid [cells]cell, from [65]uint8) {
	ends := slices.Clone(bounds[:])
	for i := lowest; i <= highest; i++ {
		ends = append(ends, int64(math.Exp2(float64(i)/perOctave)*1e9)) // at most, as times are whole
	}
	slices.Sort(ends)
	ends = append(slices.Compact(ends), math.MaxInt64)
	native := lowest
	for i, end := range ends {
		grid[i] = cell{upTo: end, bucket: bucketOf(end), native: native}
		if end == int64(math.Exp2(float64(native)/perOctave)*1e9) {
			native++
		}
	}
	at := 0
	for n := range from {
		for at < cells-1 && n > 0 && grid[at].upTo < 1<<(n-1) {
			at++
		}
		from[n] = uint8(at)
	}
	return grid, from
}()

// cellOf is the place of a time in grid.
func cellOf(ns int64) int {
	i := int(from[bits.Len64(uint64(max(0, ns)))])
	for ns > grid[i].upTo {
		i++
	}
	return i
}

// series counts the requests of a route with a method and a status, on one core.
//
// Owner: any (atomic); key: immutable.
type series struct {
	key     uint32
	next    atomic.Pointer[series]
	cells   [cells]atomic.Int64
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

func (s *series) count(latency int64, done *Ended) {
	s.cells[cellOf(latency)].Add(1)
	s.sum.Add(latency)
	if done.BytesIn != 0 {
		s.in.Add(done.BytesIn)
	}
	if done.BytesOut != 0 {
		s.out.Add(done.BytesOut)
	}
}
