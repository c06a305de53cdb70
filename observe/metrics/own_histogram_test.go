package metrics

import (
	"math"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/observe"
)

// nativeOf are the native buckets of a histogram as Prometheus reads them.
func nativeOf(h *dto.Histogram) map[int]int64 {
	out := map[int]int64{}
	index, count, delta := int32(0), int64(0), h.GetPositiveDelta()
	for _, span := range h.GetPositiveSpan() {
		index += span.GetOffset()
		for range span.GetLength() {
			count, delta = count+delta[0], delta[1:]
			if count != 0 { // client_golang fills small holes
				out[int(index)] = count
			}
			index++
		}
	}
	return out
}

// TestOwnNativeHistogram: whatever the bounds and values are, each value is in the classic bucket and in the native one around it, with
// the bound itself in the lower one, as Prometheus has it.
func TestOwnNativeHistogram(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		size := rapid.Custom(func(rt *rapid.T) float64 {
			power := math.Exp2(float64(rapid.IntRange(-140, 220).Draw(rt, "quarter")) / 4)
			near := rapid.SampledFrom([]float64{power, math.Nextafter(power, 0), math.Nextafter(power, math.Inf(1))})
			return rapid.OneOf(near, rapid.Float64Range(-10, 10), rapid.SampledFrom([]float64{0, 1, 0.25, math.MaxFloat64, math.SmallestNonzeroFloat64})).Draw(rt, "size")
		})
		bounds := slices.Sorted(slices.Values(rapid.SliceOfNDistinct(size, 0, 8, func(f float64) float64 { return f }).Draw(rt, "bounds")))
		values := rapid.SliceOfN(rapid.OneOf(size, rapid.SampledFrom(append([]float64{math.Inf(1), math.NaN(), -1}, bounds...))), 1, 20).Draw(rt, "values")

		m := &Metrics{registry: prometheus.NewRegistry()}
		h := m.Histogram("shop_value", "Values.", append([]float64{}, bounds...))
		require.Empty(rt, m.wrong)
		// client_golang's own, which has no bounds and two signs.
		oracle := prometheus.NewHistogram(prometheus.HistogramOpts{NativeHistogramBucketFactor: 1.2, NativeHistogramZeroThreshold: math.Exp2(-30)})
		all, classic := uint64(0), make([]uint64, len(bounds))
		for _, v := range values {
			h.Observe(v)
			if math.IsNaN(v) {
				continue
			}
			all++
			for i, bound := range bounds {
				if v <= bound {
					classic[i]++
				}
			}
			oracle.Observe(min(max(v, 0), math.Nextafter(math.Exp2(50), math.Inf(1))))
		}
		families, err := m.registry.Gather()
		require.NoError(rt, err)
		got := families[0].GetMetric()[0].GetHistogram()
		require.Equal(rt, all, got.GetSampleCount())
		for i, bound := range bounds {
			require.Equal(rt, bound, got.GetBucket()[i].GetUpperBound())
			require.Equal(rt, classic[i], got.GetBucket()[i].GetCumulativeCount(), "up to %g", bound)
		}
		var want dto.Metric
		require.NoError(rt, oracle.Write(&want))
		require.EqualValues(rt, observe.NativeSchema, want.GetHistogram().GetSchema())
		require.Equal(rt, want.GetHistogram().GetSchema(), got.GetSchema())
		require.Equal(rt, want.GetHistogram().GetZeroThreshold(), got.GetZeroThreshold())
		require.Equal(rt, want.GetHistogram().GetZeroCount(), got.GetZeroCount())
		require.Equal(rt, nativeOf(want.GetHistogram()), nativeOf(got))
	})
}

// TestOwnHistogramWhileItCounts: Prometheus refuses a native histogram whose buckets count something else than all of it.
func TestOwnHistogramWhileItCounts(t *testing.T) {
	var took *Histogram
	_, m := service(t, func(_ *fasterapi.App, m *Metrics) {
		took = m.Histogram("shop_seconds", "Time.", nil, Values("kind", "a"))
	})
	var writers sync.WaitGroup
	defer writers.Wait()
	done := make(chan struct{})
	defer close(done)
	for g := range 2 {
		writers.Go(func() {
			for v := 1.5; ; v = 1 / (v - math.Floor(v) + float64(g+1)*1e-3) {
				select {
				case <-done:
					return
				default:
					took.Observe(v, "a")
				}
			}
		})
	}
	seen := uint64(0)
	for range 40 {
		found := scrapeProtobuf(t, m.Handler())["shop_seconds"].GetMetric()
		if len(found) == 0 {
			continue
		}
		h := found[0].GetHistogram()
		sum := int64(h.GetZeroCount())
		for _, n := range nativeOf(h) {
			sum += n
		}
		require.EqualValues(t, h.GetSampleCount(), sum)
		last := h.GetBucket()[len(h.GetBucket())-1]
		require.LessOrEqual(t, last.GetCumulativeCount(), h.GetSampleCount())
		require.GreaterOrEqual(t, h.GetSampleCount(), seen)
		seen = h.GetSampleCount()
	}
}

// TestOwnMetricsOfNoText: what cannot be shown as it is must not take the others away, nor the process with them.
func TestOwnMetricsOfNoText(t *testing.T) {
	h, m := service(t, func(_ *fasterapi.App, m *Metrics) {
		places := m.Counter("shop_places_total", "Pl\xe4tze.", Values("place", "caf\xe9", "caf\xe8", "bar"))
		places.Add(1, "caf\xe9")
		places.Add(2, "caf\xe8")
		places.Add(4, "bar")
		places.Add(8, "none")
	})
	status, text := get(h, http.MethodGet, "/metrics")
	require.Equal(t, http.StatusOK, status)
	for _, line := range []string{`{place="caf�"} 3`, `{place="bar"} 4`, `{place="other"} 8`, "Pl�tze."} {
		require.Contains(t, text, line)
	}
	require.Contains(t, scrapeProtobuf(t, m.Handler()), "shop_places_total")
}

// TestHistogramMistakes: what Prometheus would refuse ends the start.
func TestHistogramMistakes(t *testing.T) {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.Histogram("shop_a", "A.", []float64{1, math.Inf(1)})
	m.Histogram("shop_b", "B.", []float64{1, math.NaN()})
	m.Histogram("shop_c", "C.", []float64{2, 1})
	m.Histogram("shop_d", "D.", nil, Values("le", "a"))
	require.Len(t, m.wrong, 4)
	require.ErrorContains(t, m.wrong[0], "shop_a do not ascend, or are no numbers")
	require.ErrorContains(t, m.wrong[3], `"le" is the label of its bounds`)
}

func BenchmarkObserve(b *testing.B) {
	m := &Metrics{registry: prometheus.NewRegistry()}
	h := m.Histogram("shop_seconds", "Time.", nil, Values("kind", "a", "b"))
	b.ReportAllocs()
	for v := 1e-6; b.Loop(); v *= 1.01 {
		if v > 20 {
			v = 1e-6
		}
		h.Observe(v, "b")
	}
}
