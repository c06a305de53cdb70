package load

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Latencies are kept from a microsecond to ten minutes, with three digits.
const (
	shortest = int64(time.Microsecond)
	longest  = int64(10 * time.Minute)
	digits   = 3
)

// late is when a request was sent so long after its time that somebody should know.
const late = time.Millisecond

// recorder counts what became of the requests.
//
// Owner: mu.
type recorder struct {
	mu       sync.Mutex
	latency  *hdrhistogram.Histogram // from the time at which it was due
	service  *hdrhistogram.Histogram // from the time at which it was sent
	second   *hdrhistogram.Histogram // latencies since the timeline's last entry
	statuses map[int]int64
	failures map[string]int64
	late     int64
	resent   int64
	failed   int64
	timeline []Second
}

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(shortest, longest, digits) }

func newRecorder() *recorder {
	return &recorder{latency: newHistogram(), service: newHistogram(), second: newHistogram(), statuses: map[int]int64{}, failures: map[string]int64{}}
}

// add records an answer, or a failure. Failures have their time in the histograms too: a user has waited that long.
func (r *recorder) add(due, sent, done time.Time, status int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(done.Sub(due), done.Sub(sent))
	if sent.Sub(due) > late {
		r.late++
	}
	if err != nil {
		r.failed++
		r.failures[kindOf(err)]++
		return
	}
	r.statuses[status]++
}

func (r *recorder) count(latency, service time.Duration) {
	_ = r.latency.RecordValue(within(latency)) // what is in range has no error
	_ = r.second.RecordValue(within(latency))
	_ = r.service.RecordValue(within(service))
}

func within(d time.Duration) int64 { return min(max(int64(d), shortest), longest) }

// empty tells whether nothing was recorded yet.
func (r *recorder) empty() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.latency.TotalCount() == 0
}

// again records that a request is sent a second time.
func (r *recorder) again() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.resent++
}

// unsent records a request for which no connection became free in time.
func (r *recorder) unsent(waited time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.count(waited, waited)
	r.late++
	r.failed++
	r.failures["not sent: no connection was free"]++
}

// tell closes a second of the timeline, every second, and calls progress, until ctx ends.
func (r *recorder) tell(ctx context.Context, begin time.Time, total time.Duration, progress func(Progress)) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
		if ctx.Err() != nil { // whichever came first
			r.closeSecond(time.Since(begin))
			return
		}
		p := r.closeSecond(time.Since(begin))
		p.Total = total
		if progress != nil {
			progress(p)
		}
	}
}

func (r *recorder) closeSecond(elapsed time.Duration) Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := Progress{Elapsed: elapsed, Answered: r.latency.TotalCount() - r.failed, Failed: r.failed, P99: at(r.second, 99)}
	if n := r.second.TotalCount(); n > 0 {
		r.timeline = append(r.timeline, Second{
			At: elapsed.Seconds(), Count: n, P50: at(r.second, 50).Seconds(), P99: p.P99.Seconds(), Max: time.Duration(r.second.Max()).Seconds(),
		})
		r.second.Reset()
	}
	return p
}

func at(h *hdrhistogram.Histogram, percentile float64) time.Duration {
	return time.Duration(h.ValueAtQuantile(percentile))
}

// result is called once, when nobody adds any more.
func (r *recorder) result(p *plan, elapsed, cpu time.Duration) *Result {
	out := &Result{
		URL: p.Target.URL, Rate: p.Rate, Connections: p.Connections, Elapsed: elapsed.Seconds(),
		Answered: r.latency.TotalCount() - r.failed, Failed: r.failed, Late: r.late, Resent: r.resent,
		Statuses: maps.Clone(r.statuses), Failures: maps.Clone(r.failures),
		Latency: latencyOf(r.latency), Service: latencyOf(r.service), Timeline: r.timeline,
		latency: r.latency, service: r.service,
	}
	out.Achieved = float64(out.Answered) / max(elapsed, p.Duration).Seconds()
	if p.Target.Server.known() && out.Answered > 0 {
		out.CPU = &CPU{Seconds: cpu.Seconds(), PerRequest: cpu.Seconds() / float64(out.Answered), Cores: cpu.Seconds() / elapsed.Seconds()}
	}
	return out
}
