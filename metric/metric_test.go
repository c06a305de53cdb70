package metric

import (
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestBucketsAreContiguous(t *testing.T) {
	for i := range buckets - 1 {
		require.Equal(t, i, bucket(lower(i)), "lower bound of %d", i)
		require.Equal(t, i, bucket(upper(i)), "upper bound of %d", i)
		require.Equal(t, upper(i)+1, lower(i+1))
		require.LessOrEqual(t, upper(i)-lower(i), lower(i)/sub)
	}
	require.Equal(t, buckets-1, bucket(math.MaxInt64))
}

// A quantile is never below the exact one and at most 12.5 % above it.
func TestQuantileAgainstSortedList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(0, int64(time.Minute)), 1, 200).Draw(t, "values")
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		var h Histogram
		sum := int64(0)
		for _, v := range values {
			h.Record(v)
			sum += v
		}
		slices.Sort(values)
		rank := min(max(int(q*float64(len(values))+0.5), 1), len(values))
		exact := values[rank-1]
		s := h.Snapshot()
		got := int64(s.Quantile(q))
		require.GreaterOrEqual(t, got, exact)
		require.LessOrEqual(t, got, exact+exact/sub)
		require.Equal(t, int64(len(values)), s.Count)
		require.Equal(t, sum, s.Sum)
		require.Equal(t, values[len(values)-1], s.Max)
	})
}

func TestEmptyAndNegative(t *testing.T) {
	var h Histogram
	s := h.Snapshot()
	require.Zero(t, s.Quantile(0.99))
	require.Zero(t, s.Mean())
	h.Record(-5)
	s = h.Snapshot()
	require.EqualValues(t, 1, s.Count)
	require.Zero(t, s.Max)
}

func TestMergeAndBuckets(t *testing.T) {
	var a, b Histogram
	a.Record(5)
	b.Record(5)
	b.Record(math.MaxInt64)
	s, o := a.Snapshot(), b.Snapshot()
	s.Merge(&o)
	var got [][2]int64
	for upTo, n := range s.Buckets {
		got = append(got, [2]int64{upTo, n})
	}
	require.Equal(t, [][2]int64{{5, 2}, {math.MaxInt64, 1}}, got)
	require.EqualValues(t, 3, s.Count)
}

func TestReadersSeeWholeCounts(t *testing.T) {
	var c Counter
	var g Gauge
	var s Shared
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 1000 {
			c.Add(2)
			g.Add(1)
		}
		g.Set(7)
	})
	for range 4 {
		wg.Go(func() {
			last := int64(0)
			for range 1000 {
				s.Add(1)
				if v := c.Load(); v < last || v%2 != 0 {
					t.Error("counter went backwards or tore")
				} else {
					last = v
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 2000, c.Load())
	require.EqualValues(t, 7, g.Load())
	require.EqualValues(t, 4000, s.Load())
}

func BenchmarkCounter(b *testing.B) {
	var c Counter
	for b.Loop() {
		c.Add(1)
	}
}

func BenchmarkHistogram(b *testing.B) {
	b.ReportAllocs()
	var h Histogram
	for b.Loop() {
		h.Record(12345)
	}
}
