package metrics

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fasterapi/fasterapi/observe"
)

// Histogram counts values by size. Any goroutine may use it.
//
// Owner: any (atomic).
type Histogram struct{ spread *spread }

// Histogram declares a histogram with these upper bounds, ascending; nil: those for durations of requests, in seconds, 0.005 to 10. It
// has its name in base units: "shop_checkout_seconds". A Prometheus that scrapes native histograms gets buckets beside these whose bounds are 19 %
// apart, from 2^-30 to 2^50.
func (m *Metrics) Histogram(name, help string, bounds []float64, labels ...Label) *Histogram {
	if bounds == nil {
		bounds = seconds
	}
	none := func(b float64) bool { return math.IsNaN(b) || math.IsInf(b, 0) }
	if !slices.IsSorted(bounds) || len(slices.Compact(slices.Clone(bounds))) != len(bounds) || slices.ContainsFunc(bounds, none) {
		m.fail(fmt.Errorf("metrics: the bounds of %s do not ascend, or are no numbers", name))
		bounds = nil
	}
	if slices.ContainsFunc(labels, func(l Label) bool { return l.name == "le" }) {
		m.fail(fmt.Errorf(`metrics: %s: "le" is the label of its bounds`, name))
	}
	s := &spread{scale: newScale(bounds)}
	m.declare(name, help, labels, func(f family) prometheus.Collector {
		s.family, s.amounts = f, make([]atomic.Pointer[amounts], f.cells)
		return s
	})
	return &Histogram{s}
}

// Observe counts one value, with a value for each label in the order of their declaration. What is no number is not counted. In
// native buckets, values below zero are in that of zero.
func (h *Histogram) Observe(v float64, values ...string) {
	if math.IsNaN(v) {
		return // the sum would be none for ever
	}
	a := h.spread.of(h.spread.cell(values))
	a.counts[h.spread.scale.place(v)].Add(1)
	addFloat(&a.sum, v)
}

// spread are the cells of a histogram.
//
// Owner: any (atomic); family, scale: immutable.
type spread struct {
	family
	scale   *scale
	amounts []atomic.Pointer[amounts] // for each combination of label values; nil: there was no value
}

// amounts are what one combination of label values has counted, 2.7 KB.
//
// Owner: any (atomic).
type amounts struct {
	counts []atomic.Int64 // by the places of the scale
	sum    atomic.Uint64  // the bits of float64
}

// of returns the amounts of a combination.
func (s *spread) of(cell int) *amounts {
	at := &s.amounts[cell]
	if a := at.Load(); a != nil {
		return a
	}
	at.CompareAndSwap(nil, &amounts{counts: make([]atomic.Int64, len(s.scale.places))})
	return at.Load()
}

// Collect implements [prometheus.Collector].
func (s *spread) Collect(to chan<- prometheus.Metric) {
	for i := range s.amounts {
		a := s.amounts[i].Load()
		if a == nil && len(s.labels) > 0 {
			continue
		}
		found := &spreadCounts{scale: s.scale, counts: make([]int64, len(s.scale.places))}
		sum := 0.0
		if a != nil {
			sum = math.Float64frombits(a.sum.Load())
			for p := range a.counts {
				found.counts[p] = a.counts[p].Load()
			}
		}
		all, buckets := found.classic()
		to <- bothHistogram{Metric: prometheus.MustNewConstHistogram(s.desc, all, sum, buckets, s.valuesOf(i)...), source: found}
	}
}

// Values of users are of any unit: native buckets go from 2^-30, a nanosecond in seconds, to 2^50, a million gigabytes.
const (
	perOctave = 1 << observe.NativeSchema
	lowest    = -30 * perOctave
	highest   = 50 * perOctave
)

// quarters are 2^(k/4), divided by two, as [math.Frexp] has it.
var quarters = [perOctave]float64{0.5, 0.5946035575013605, 0.7071067811865475, 0.8408964152537144}

// nativeIndex is the bucket of a value: i for 2^((i-1)/4) < v <= 2^(i/4), lowest for all that are smaller, and highest+1 for larger ones.
func nativeIndex(v float64) int {
	if v <= nativeBound(lowest) {
		return lowest
	}
	if v > nativeBound(highest) {
		return highest + 1
	}
	part, exponent := math.Frexp(v)
	index := (exponent - 1) * perOctave
	for _, quarter := range quarters {
		if part <= quarter {
			return index
		}
		index++
	}
	return index
}

// nativeBound is the largest value of a bucket.
func nativeBound(index int) float64 {
	octave := index >> observe.NativeSchema // rounds down
	return math.Ldexp(quarters[index-octave*perOctave], octave+1)
}

// scale has a place between two neighbours among the bounds of both kinds of buckets, so that a value is counted once.
//
// Owner: any (immutable once made).
type scale struct {
	bounds []float64 // of the classic buckets
	places []place
	first  [highest + 2 - lowest]int // of each native bucket, the first place
}

// place is one of them.
type place struct {
	upTo    float64
	native  int
	classic int // of bounds; len(bounds): beyond the last
}

func newScale(bounds []float64) *scale {
	s := &scale{bounds: slices.Clone(bounds)}
	ends := slices.Clone(bounds)
	for i := lowest; i <= highest; i++ {
		ends = append(ends, nativeBound(i))
	}
	slices.Sort(ends)
	for _, end := range append(slices.Compact(ends), math.Inf(1)) {
		classic, _ := slices.BinarySearch(s.bounds, end)
		p := place{upTo: end, native: nativeIndex(end), classic: classic}
		if n := len(s.places); n == 0 || s.places[n-1].native != p.native {
			s.first[p.native-lowest] = n
		}
		s.places = append(s.places, p)
	}
	return s
}

// place is that of a value.
func (s *scale) place(v float64) int {
	at := s.first[nativeIndex(v)-lowest]
	for v > s.places[at].upTo {
		at++
	}
	return at
}

// spreadCounts is a copy of what a combination has counted.
//
// Owner: whoever scrapes.
type spreadCounts struct {
	*scale
	counts []int64
}

// classic returns how many values there are, and how many are at most each bound.
func (c *spreadCounts) classic() (all uint64, buckets map[float64]uint64) {
	own := make([]uint64, len(c.bounds)+1)
	for p, n := range c.counts {
		own[c.places[p].classic] += uint64(n)
	}
	buckets = make(map[float64]uint64, len(c.bounds))
	for i, bound := range c.bounds {
		all += own[i]
		buckets[bound] = all
	}
	return all + own[len(c.bounds)], buckets
}

// native implements [nativeSource].
func (c *spreadCounts) native() (threshold float64, zero int64, buckets iter.Seq2[int, int64]) {
	rest := 0
	for ; c.places[rest].native == lowest; rest++ {
		zero += c.counts[rest]
	}
	return nativeBound(lowest), zero, func(yield func(index int, count int64) bool) {
		sum := int64(0)
		for p := rest; p < len(c.counts); p++ {
			sum += c.counts[p]
			if p+1 < len(c.counts) && c.places[p+1].native == c.places[p].native || sum == 0 {
				continue
			}
			if !yield(c.places[p].native, sum) {
				return
			}
			sum = 0
		}
	}
}
