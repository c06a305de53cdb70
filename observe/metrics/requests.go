package metrics

import (
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/fasterapi/fasterapi/observe"
)

// unmatched is the route of requests without one: patterns begin with a slash.
const unmatched = "unmatched"

// requestLabels are the labels of requests, with OpenTelemetry's names.
var requestLabels = []string{"http_route", "http_request_method", "http_response_status_code"}

var (
	requestDuration = prometheus.NewDesc("http_server_request_duration_seconds",
		"Time from the head of a request to its response, and of streams and sockets to the head of it.", requestLabels, nil)
	requestsActive = prometheus.NewDesc("http_server_active_requests",
		"Requests that have not ended, streams and sockets too.", requestLabels[:1], nil)
	requestBytes = prometheus.NewDesc("fasterapi_request_body_bytes_total",
		"Bytes of request bodies.", requestLabels, nil)
	responseBytes = prometheus.NewDesc("fasterapi_response_body_bytes_total",
		"Bytes of response bodies, but those of sockets.", requestLabels, nil)
	requestWait = prometheus.NewDesc("fasterapi_request_wait_seconds",
		"Time for which requests waited for their body and for a goroutine or coroutine, of those that did.", []string{"core"}, nil)
	requestQueries = prometheus.NewDesc("fasterapi_request_queries_total",
		"Statements that requests ran.", requestLabels[:1], nil)
	requestQueryTime = prometheus.NewDesc("fasterapi_request_query_seconds_total",
		"Time of the statements that requests ran, with waiting for a connection.", requestLabels[:1], nil)
	requestsRepeating = prometheus.NewDesc("fasterapi_requests_repeating_total",
		"Requests that ran the same statement more often than Config.Observe.Repeats.", requestLabels[:1], nil)
	queueDelay = prometheus.NewDesc("fasterapi_queue_delay_seconds",
		"Time for which requests waited for the processor until their handler started, of those that did not wait for one before them on their connection.", []string{"core"}, nil)
	tasks = prometheus.NewDesc("fasterapi_background_tasks",
		"Background tasks that have not ended, by whether they wait or run.", []string{"core", "state"}, nil)
	tasksEnded = prometheus.NewDesc("fasterapi_background_tasks_total",
		"Background tasks by their end: done, failed, or refused for want of a place.", []string{"core", "outcome"}, nil)
	recordsMissed = prometheus.NewDesc("fasterapi_records_missed_total",
		"Records of requests that are counted and not kept, because their place was in use.", []string{"core"}, nil)
)

// requests collects what package observe has counted.
//
// Owner: any (immutable once made).
type requests struct{ m *Metrics }

// Describe implements [prometheus.Collector].
func (*requests) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{requestDuration, requestsActive, requestBytes, responseBytes, requestWait, requestQueries, requestQueryTime, requestsRepeating, queueDelay, tasks, tasksEnded, recordsMissed} {
		to <- d
	}
}

// Collect implements [prometheus.Collector].
func (r *requests) Collect(to chan<- prometheus.Metric) {
	rec := r.m.app.Recorder()
	if rec == nil {
		return
	}
	counts := rec.Counts()
	for i := range counts.Series {
		s := &counts.Series[i]
		labels := []string{routeLabel(s.Route), s.Method, strconv.Itoa(s.Status)}
		to <- duration(s, labels)
		to <- prometheus.MustNewConstMetric(requestBytes, prometheus.CounterValue, float64(s.BytesIn), labels...)
		to <- prometheus.MustNewConstMetric(responseBytes, prometheus.CounterValue, float64(s.BytesOut), labels...)
	}
	for _, a := range counts.Active {
		to <- prometheus.MustNewConstMetric(requestsActive, prometheus.GaugeValue, float64(a.Count), routeLabel(a.Route))
	}
	for _, q := range counts.Queried {
		to <- prometheus.MustNewConstMetric(requestQueries, prometheus.CounterValue, float64(q.Queries), routeLabel(q.Route))
		to <- prometheus.MustNewConstMetric(requestQueryTime, prometheus.CounterValue, q.Time.Seconds(), routeLabel(q.Route))
	}
	for _, n := range counts.Repeated {
		to <- prometheus.MustNewConstMetric(requestsRepeating, prometheus.CounterValue, float64(n.Count), routeLabel(n.Route))
	}
	for _, k := range counts.Cores {
		core := strconv.Itoa(k.Core)
		to <- prometheus.MustNewConstHistogram(requestWait, uint64(k.Waited), k.WaitTime.Seconds(), cumulative(k.Waits), core)
		to <- prometheus.MustNewConstMetric(recordsMissed, prometheus.CounterValue, float64(k.Missed), core)
		to <- prometheus.MustNewConstHistogram(queueDelay, uint64(k.Delays.Count), time.Duration(k.Delays.Sum).Seconds(), within(&k.Delays, delayBounds), core)
		collectTasks(to, &k.Tasks, core)
	}
}

// delayBounds are those of queueDelay, in seconds: 5 ms is what a request may wait at any time.
var delayBounds = []float64{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28}

func collectTasks(to chan<- prometheus.Metric, t *observe.Tasks, core string) {
	for _, n := range []struct {
		desc  *prometheus.Desc
		kind  prometheus.ValueType
		label string
		count int64
	}{
		{tasks, prometheus.GaugeValue, "waiting", t.Waiting},
		{tasks, prometheus.GaugeValue, "running", t.Running},
		{tasksEnded, prometheus.CounterValue, "done", t.Done},
		{tasksEnded, prometheus.CounterValue, "failed", t.Failed},
		{tasksEnded, prometheus.CounterValue, "refused", t.Refused},
	} {
		to <- prometheus.MustNewConstMetric(n.desc, n.kind, float64(n.count), core, n.label)
	}
}

// duration is the histogram of s, with its exemplar.
func duration(s *observe.Series, labels []string) prometheus.Metric {
	all := prometheus.Metric(bothHistogram{
		Metric: prometheus.MustNewConstHistogram(requestDuration, uint64(s.Count), s.Sum.Seconds(), cumulative(s.Buckets), labels...),
		source: requestSeries{s},
	})
	if s.Exemplar == nil {
		return all
	}
	example := prometheus.Exemplar{
		Value: s.Exemplar.Latency.Seconds(), Labels: prometheus.Labels{"trace_id": s.Exemplar.Trace.String()}, Timestamp: s.Exemplar.At,
	}
	if with, err := prometheus.NewMetricWithExemplars(all, example); err == nil {
		return with
	}
	return all
}

// bothHistogram has classic buckets and native ones: a scraper that asks for Prometheus'
// protobuf format gets both and takes those that it is set to, the text formats have the
// classic ones only. client_golang makes one or the other, and the native one by way of
// maps that would double the time of a scrape of all formats.
//
// Owner: any (immutable).
type bothHistogram struct {
	prometheus.Metric // the classic one
	source            nativeSource
}

// nativeSource has the native buckets of a histogram of observe.NativeSchema: the largest value of that of zero, what is in it, and the
// others by ascending index. All together count what the classic ones do, or Prometheus refuses the histogram.
type nativeSource interface {
	native() (threshold float64, zero int64, buckets iter.Seq2[int, int64])
}

// requestSeries are the requests of a route with a method and a status.
//
// Owner: any (immutable).
type requestSeries struct{ *observe.Series }

// native implements [nativeSource].
func (r requestSeries) native() (threshold float64, zero int64, buckets iter.Seq2[int, int64]) {
	zero, buckets = r.Native()
	return observe.NativeZero.Seconds(), zero, buckets
}

// Write implements [prometheus.Metric].
func (h bothHistogram) Write(out *dto.Metric) error {
	if err := h.Metric.Write(out); err != nil {
		return err
	}
	threshold, zero, buckets := h.source.native()
	to := out.Histogram
	to.Schema, to.ZeroThreshold, to.ZeroCount = new(int32(observe.NativeSchema)), new(threshold), new(uint64(zero))
	// A span is a run of buckets behind each other: how far it is from the one before, and
	// how many there are; of each bucket the difference to the one before is sent.
	next, before := 0, int64(0)
	for index, n := range buckets {
		if len(to.PositiveSpan) == 0 || index != next {
			to.PositiveSpan = append(to.PositiveSpan, &dto.BucketSpan{Offset: new(int32(index - next)), Length: new(uint32(0))})
		}
		*to.PositiveSpan[len(to.PositiveSpan)-1].Length++
		to.PositiveDelta = append(to.PositiveDelta, n-before)
		next, before = index+1, n
	}
	return nil
}

// routeLabel is a pattern as Prometheus takes it: what is no UTF-8 would end the scrape, and the process with it.
func routeLabel(route string) string {
	if route == "" {
		return unmatched
	}
	return strings.ToValidUTF8(route, "\uFFFD")
}

// seconds are the bounds of package observe.
var seconds = func() []float64 {
	var out []float64
	for _, b := range observe.Bounds() {
		out = append(out, b.Seconds())
	}
	return out
}()

// cumulative is how many values are at most each bound, from the counts between them.
func cumulative(buckets []int64) map[float64]uint64 {
	out, sum := make(map[float64]uint64, len(seconds)), uint64(0)
	for i, bound := range seconds {
		sum += uint64(buckets[i])
		out[bound] = sum
	}
	return out
}
