package metrics

import (
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/metric"
	"github.com/fasterapi/fasterapi/reactor"
)

// number is a metric that is read from numbers of type S.
//
// Owner: any (immutable once made).
type number[S any] struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func(s *S) float64
}

// numbers begin with a prefix and have the labels given.
func numbers[S any](prefix string, labels []string, list ...numberOf[S]) []number[S] {
	out := make([]number[S], 0, len(list))
	for _, n := range list {
		out = append(out, number[S]{prometheus.NewDesc(prefix+n.name, n.help, labels, nil), n.kind, n.read})
	}
	return out
}

// numberOf declares a number.
//
// Owner: any (immutable after New).
type numberOf[S any] struct {
	name, help string
	kind       prometheus.ValueType
	read       func(s *S) float64
}

func counted[S any, N int64 | uint64](name, help string, read func(s *S) N) numberOf[S] {
	return numberOf[S]{name, help, prometheus.CounterValue, func(s *S) float64 { return float64(read(s)) }}
}

func gauged[S any, N int | int64 | uint64 | float64](name, help string, read func(s *S) N) numberOf[S] {
	return numberOf[S]{name, help, prometheus.GaugeValue, func(s *S) float64 { return float64(read(s)) }}
}

func timed[S any](name, help string, read func(s *S) time.Duration) numberOf[S] {
	return numberOf[S]{name, help, prometheus.CounterValue, func(s *S) float64 { return read(s).Seconds() }}
}

// lasting is a duration that goes up and down.
func lasting[S any](name, help string, read func(s *S) time.Duration) numberOf[S] {
	return numberOf[S]{name, help, prometheus.GaugeValue, func(s *S) float64 { return read(s).Seconds() }}
}

// moment is a time in seconds since 1970, 0 for none, as the names of Prometheus that end in _timestamp_seconds have it.
func moment[S any](name, help string, read func(s *S) time.Time) numberOf[S] {
	return numberOf[S]{name, help, prometheus.GaugeValue, func(s *S) float64 {
		at := read(s)
		if at.IsZero() {
			return 0
		}
		return float64(at.UnixNano()) / float64(time.Second)
	}}
}

func describe[S any](to chan<- *prometheus.Desc, list []number[S]) {
	for _, n := range list {
		to <- n.desc
	}
}

// collect sends the numbers of s. What is no UTF-8 in a name is replaced: Prometheus would refuse all metrics.
func collect[S any](to chan<- prometheus.Metric, list []number[S], s *S, labels ...string) {
	for i, label := range labels {
		labels[i] = strings.ToValidUTF8(label, "\uFFFD")
	}
	for _, n := range list {
		to <- prometheus.MustNewConstMetric(n.desc, n.kind, n.read(s), labels...)
	}
}

var coreNumbers = numbers("fasterapi_reactor_", []string{"core"},
	counted("tasks_total", "Tasks run from the queue.", func(s *reactor.Stats) int64 { return s.Tasks }),
	counted("posts_total", "Tasks that came through the mailbox.", func(s *reactor.Stats) int64 { return s.Posts }),
	counted("jobs_total", "Pieces of work handed to goroutines.", func(s *reactor.Stats) int64 { return s.Jobs }),
	counted("io_events_total", "I/O events delivered.", func(s *reactor.Stats) int64 { return s.Events }),
	counted("timers_total", "Timers fired.", func(s *reactor.Stats) int64 { return s.Timers }),
	counted("loops_total", "Turns of the loop.", func(s *reactor.Stats) int64 { return s.Loops }),
	counted("parks_total", "Times it went idle.", func(s *reactor.Stats) int64 { return s.Parks }),
	counted("panics_total", "Panics recovered outside of handlers.", func(s *reactor.Stats) int64 { return s.Panics }),
	counted("cut_off_total", "Responses given up because too many bytes waited for clients.", func(s *reactor.Stats) int64 { return s.CutOff }),
	counted("expired_total", "Connections, and streams of HTTP/2, given up because their client was too slow.", func(s *reactor.Stats) int64 { return s.Expired }),
	counted("useless_total", "Connections of HTTP/2 closed because they made work for nothing, as floods of frames and of resets do.", func(s *reactor.Stats) int64 { return s.Useless }),
	counted("handshakes_total", "TLS handshakes that have succeeded.", func(s *reactor.Stats) int64 { return s.Secured }),
	counted("handshakes_failed_total", "TLS handshakes that have failed.", func(s *reactor.Stats) int64 { return s.Unsecured }),
	counted("streams_refused_total", "Streams of HTTP/2 that were refused, because their connection had too many.", func(s *reactor.Stats) int64 { return s.Refused }),
	timed("busy_seconds_total", "Time not parked.", func(s *reactor.Stats) time.Duration { return s.BusyTime }),
	timed("idle_seconds_total", "Time parked.", func(s *reactor.Stats) time.Duration { return s.IdleTime }),
	gauged("busy_ratio", "Share of the last second or so that it was not parked, 0 to 1.", func(s *reactor.Stats) float64 { return s.Busy }),
	gauged("tasks_pending", "Tasks in the run queue.", func(s *reactor.Stats) int64 { return s.Pending }),
	gauged("mailbox_tasks", "Tasks in the mailbox.", func(s *reactor.Stats) int64 { return s.Mailbox }),
	gauged("timers_armed", "Timers that have not fired.", func(s *reactor.Stats) int64 { return s.Armed }),
	gauged("connections", "Open connections.", func(s *reactor.Stats) int64 { return s.OpenConns }),
	gauged("streams", "Open streams of HTTP/2, which are its requests.", func(s *reactor.Stats) int64 { return s.Streams }),
	gauged("unsent_bytes", "Bytes of responses that wait for clients who do not read.", func(s *reactor.Stats) int64 { return s.Unsent }),
	gauged("coroutines", "Coroutines running or suspended.", func(s *reactor.Stats) int64 { return s.Coroutines }),
	gauged("workers", "Goroutines that run a job.", func(s *reactor.Stats) int64 { return s.Workers }),
	gauged("stuck_seconds", "How long one piece of work has held the reactor, from 0.1 on.", func(s *reactor.Stats) float64 { return s.Stuck.Seconds() }),
)

var reactorStalls = prometheus.NewDesc("fasterapi_reactor_stall_seconds",
	"Pieces of work that held the reactor beyond the stall threshold.", []string{"core"}, nil)

var overloadNumbers = numbers("fasterapi_overload_", []string{"core"},
	counted("started_total", "Requests that were let start.", func(s *fasterapi.OverloadStats) uint64 { return s.Started }),
	gauged("active", "1 while requests that have waited for too long are refused.", func(s *fasterapi.OverloadStats) int {
		if s.Overloaded {
			return 1
		}
		return 0
	}),
	gauged("delay_seconds", "How long the latest request had waited when it could start, while that is too long; else 0.", func(s *fasterapi.OverloadStats) float64 {
		return s.Delay.Seconds()
	}),
	gauged("limited_routes", "Routes that are limited now, because they had become slow with too many in flight.", func(s *fasterapi.OverloadStats) int { return len(s.Limits) }),
)

var overloadRefused = prometheus.NewDesc("fasterapi_overload_refused_total",
	"Requests refused with 503 before their handler: by their priority, and those of limited routes.", []string{"core", "class"}, nil)

// stallBounds are those of reactorStalls, in seconds.
var stallBounds = []float64{0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}

// cores collects what the reactors have counted.
//
// Owner: any (immutable once made).
type cores struct{ m *Metrics }

// Describe implements [prometheus.Collector].
func (*cores) Describe(to chan<- *prometheus.Desc) {
	describe(to, coreNumbers)
	describe(to, overloadNumbers)
	to <- reactorStalls
	to <- overloadRefused
}

// Collect implements [prometheus.Collector].
func (c *cores) Collect(to chan<- prometheus.Metric) {
	group := c.m.app.Reactors()
	if group == nil {
		return
	}
	for _, s := range group.Stats() {
		core := strconv.Itoa(s.Core)
		collect(to, coreNumbers, &s, core)
		to <- prometheus.MustNewConstHistogram(reactorStalls, uint64(s.Stalls.Count), time.Duration(s.Stalls.Sum).Seconds(), within(&s.Stalls, stallBounds), core)
	}
	for _, s := range c.m.app.Overload() {
		core := strconv.Itoa(s.Core)
		collect(to, overloadNumbers, &s, core)
		for _, n := range []struct {
			class   string
			refused uint64
		}{{"normal", s.Normal}, {"batch", s.Batch}, {"critical", s.Critical}, {"limited", s.Limited}} {
			to <- prometheus.MustNewConstMetric(overloadRefused, prometheus.CounterValue, float64(n.refused), core, n.class)
		}
	}
}

// within counts the values that are at most each bound, in seconds. A bucket of the snapshot that
// a bound divides is counted above it.
func within(s *metric.Snapshot, bounds []float64) map[float64]uint64 {
	out := make(map[float64]uint64, len(bounds))
	for _, bound := range bounds {
		sum := uint64(0)
		for upTo, n := range s.Buckets {
			if time.Duration(upTo).Seconds() <= bound {
				sum += uint64(n)
			}
		}
		out[bound] = sum
	}
	return out
}
