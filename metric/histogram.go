package metric

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// A log-linear histogram: values share a bucket when their highest bit and
// the subBits bits below it agree. So a bucket is never wider than 1/8 of its
// lower bound, and values below 8 have a bucket each.
//
//	value   0 1 2 ... 7 | 8 9 ... 15 | 16,17 18,19 ... | 32-35 ...
//	bucket  0 1 2 ... 7 | 8 9 ... 15 | 16    17        | 24 ...
const (
	subBits = 3
	sub     = 1 << subBits
	// maxBit: values from 2^41 ns (36 minutes) on share the last bucket.
	maxBit  = 41
	buckets = (maxBit - subBits + 1) * sub
)

// Histogram holds durations in nanoseconds with an error below 12.5 %, in
// fixed memory of 2.5 KiB. The zero value is ready.
//
// Owner: one goroutine writes, or several by RecordShared; any reads (atomic).
type Histogram struct {
	counts [buckets]atomic.Int64
	sum    atomic.Int64
	max    atomic.Int64
}

// Record counts one value in nanoseconds; negative ones count as 0. Owner only.
func (h *Histogram) Record(ns int64) {
	ns = max(0, ns)
	c := &h.counts[bucket(ns)]
	c.Store(c.Load() + 1)
	h.sum.Store(h.sum.Load() + ns)
	if ns > h.max.Load() {
		h.max.Store(ns)
	}
}

// RecordShared is Record for a histogram with several writers, all of which use it. Any goroutine.
func (h *Histogram) RecordShared(ns int64) {
	ns = max(0, ns)
	h.counts[bucket(ns)].Add(1)
	h.sum.Add(ns)
	for {
		most := h.max.Load()
		if ns <= most || h.max.CompareAndSwap(most, ns) {
			return
		}
	}
}

func bucket(ns int64) int {
	if ns < sub {
		return int(ns)
	}
	top := bits.Len64(uint64(ns)) - 1
	if top >= maxBit {
		return buckets - 1
	}
	// Above the top bit's place in the table: the subBits bits that follow it.
	return (top-subBits+1)<<subBits + int(ns>>(top-subBits))&(sub-1)
}

// lower returns the smallest value of bucket i.
func lower(i int) int64 {
	if i < sub {
		return int64(i)
	}
	return int64(sub+i&(sub-1)) << (i>>subBits - 1)
}

// Snapshot copies the histogram. Any goroutine; while the owner records, the
// copy may miss or half-count its latest values.
func (h *Histogram) Snapshot() Snapshot {
	s := Snapshot{Sum: h.sum.Load(), Max: h.max.Load()}
	for i := range h.counts {
		s.counts[i] = h.counts[i].Load()
		s.Count += s.counts[i]
	}
	return s
}

// Snapshot is a copy of a Histogram; Sum and Max are in nanoseconds.
//
// Owner: whoever took it.
type Snapshot struct {
	Count, Sum, Max int64
	counts          [buckets]int64
}

// Merge adds o's values to s.
func (s *Snapshot) Merge(o *Snapshot) {
	s.Count += o.Count
	s.Sum += o.Sum
	s.Max = max(s.Max, o.Max)
	for i, n := range o.counts {
		s.counts[i] += n
	}
}

// Mean returns the average, 0 without values.
func (s *Snapshot) Mean() time.Duration {
	if s.Count == 0 {
		return 0
	}
	return time.Duration(s.Sum / s.Count)
}

// Quantile returns a value that the share q (0..1) of all values does not
// exceed, at most 12.5 % too high; 0 without values.
func (s *Snapshot) Quantile(q float64) time.Duration {
	if s.Count == 0 {
		return 0
	}
	rank := min(max(int64(q*float64(s.Count)+0.5), 1), s.Count)
	for i, n := range s.counts {
		rank -= n
		if rank <= 0 {
			return time.Duration(min(upper(i), s.Max))
		}
	}
	return time.Duration(s.Max)
}

func upper(i int) int64 {
	if i == buckets-1 {
		return 1<<63 - 1
	}
	return lower(i+1) - 1
}

// Buckets calls yield for each non-empty bucket with its largest value in
// nanoseconds and its count, in ascending order.
func (s *Snapshot) Buckets(yield func(upTo, count int64) bool) {
	for i, n := range s.counts {
		if n > 0 && !yield(upper(i), n) {
			return
		}
	}
}
