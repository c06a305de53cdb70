package load

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Result is what a run has found. Times are seconds.
type Result struct {
	URL         string           `json:"url"`
	Rate        float64          `json:"rate"`     // requests a second that were meant to be sent
	Achieved    float64          `json:"achieved"` // answers a second
	Connections int              `json:"connections"`
	Elapsed     float64          `json:"elapsed_seconds"`       // until the last answer
	EndedEarly  bool             `json:"ended_early,omitempty"` // before its time, by the end of the context
	Answered    int64            `json:"answered"`
	Failed      int64            `json:"failed"` // without an answer
	Late        int64            `json:"late"`   // sent more than 1 ms after their time: no connection was free, or this machine was busy
	Resent      int64            `json:"resent"` // over a new connection, because the kept one had just been closed
	Statuses    map[int]int64    `json:"statuses"`
	Failures    map[string]int64 `json:"failures,omitempty"`
	Latency     Latency          `json:"latency"` // from when a request was meant to be sent
	Service     Latency          `json:"service"` // from when it was sent: what a closed loop would have told
	CPU         *CPU             `json:"server_cpu,omitempty"`
	Timeline    []Second         `json:"timeline"`

	latency, service *hdrhistogram.Histogram
}

// Latency is a distribution, in seconds.
type Latency struct {
	Min         float64 `json:"min"`
	Mean        float64 `json:"mean"`
	P50         float64 `json:"p50"`
	P75         float64 `json:"p75"`
	P90         float64 `json:"p90"`
	P99         float64 `json:"p99"`
	P999        float64 `json:"p999"`
	P9999       float64 `json:"p9999"`
	Max         float64 `json:"max"`
	Percentiles []Point `json:"percentiles"` // ever closer to 100
}

// Point is one of a curve: that part of the requests, in percent, took no longer than Seconds.
type Point struct {
	Percent float64 `json:"percent"`
	Seconds float64 `json:"seconds"`
}

// CPU is the time of processors that the server has used, user and system.
type CPU struct {
	Seconds    float64 `json:"seconds"`
	PerRequest float64 `json:"seconds_per_request"`
	Cores      float64 `json:"cores"` // that were busy, on average
}

// Second is one of the run.
type Second struct {
	At    float64 `json:"at"` // its end, since the begin
	Count int64   `json:"count"`
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
}

// curve are the percentiles of a picture: two nines more for each third of it.
var curve = []float64{0, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92.5, 95, 97.5, 99, 99.5, 99.75, 99.9, 99.95, 99.99, 99.999}

func latencyOf(h *hdrhistogram.Histogram) Latency {
	seconds := func(p float64) float64 { return at(h, p).Seconds() }
	l := Latency{
		Min: time.Duration(h.Min()).Seconds(), Mean: h.Mean() / float64(time.Second), Max: time.Duration(h.Max()).Seconds(),
		P50: seconds(50), P75: seconds(75), P90: seconds(90), P99: seconds(99), P999: seconds(99.9), P9999: seconds(99.99),
	}
	for _, p := range curve {
		// A percentile that no request stands for would be the longest one again.
		if float64(h.TotalCount())*(100-p)/100 >= 1 || p == 0 {
			l.Percentiles = append(l.Percentiles, Point{p, seconds(p)})
		}
	}
	return l
}

// Merge adds several runs of one target up. They must have answers; the timeline is that of one after the other.
func Merge(results []*Result) *Result {
	first := results[0]
	out := &Result{
		URL: first.URL, Rate: first.Rate, Connections: first.Connections, Statuses: map[int]int64{}, Failures: map[string]int64{},
		latency: newHistogram(), service: newHistogram(),
	}
	var cpu *CPU
	for _, r := range results {
		for i := range r.Timeline {
			s := r.Timeline[i]
			s.At += out.Elapsed
			out.Timeline = append(out.Timeline, s)
		}
		out.Elapsed += r.Elapsed
		out.Answered, out.Failed, out.Late, out.Resent = out.Answered+r.Answered, out.Failed+r.Failed, out.Late+r.Late, out.Resent+r.Resent
		for k, v := range r.Statuses {
			out.Statuses[k] += v
		}
		for k, v := range r.Failures {
			out.Failures[k] += v
		}
		out.latency.Merge(r.latency)
		out.service.Merge(r.service)
		if r.CPU != nil {
			if cpu == nil {
				cpu = &CPU{}
			}
			cpu.Seconds += r.CPU.Seconds
		}
	}
	out.Achieved, out.CPU = float64(out.Answered)/out.Elapsed, cpu
	out.Latency, out.Service = latencyOf(out.latency), latencyOf(out.service)
	if cpu != nil && out.Answered > 0 {
		cpu.PerRequest, cpu.Cores = cpu.Seconds/float64(out.Answered), cpu.Seconds/out.Elapsed
	}
	return out
}
