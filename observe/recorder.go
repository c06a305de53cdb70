package observe

import (
	"strings"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/metric"
)

const (
	maxError = 1 << 10 // bytes of Detail.Error
	maxStack = 8 << 10 // bytes of Detail.Stack
	// clientGone is the status of requests that nobody waited for (nginx's 499).
	clientGone = 499
)

// Recorder keeps what requests did. Any goroutine may use it.
//
// Owner: any (immutable after New); cores, awaited: any (atomic).
type Recorder struct {
	cfg    Config
	routes []string
	base   time.Time
	now    func() time.Time // nil: the real clock
	cores  []*core
	// awaited is closed when a request begins; nil: nobody waits.
	awaited atomic.Pointer[chan struct{}]
}

// core is what one core has written.
//
// Owner: any (atomic).
type core struct {
	routes               []tally
	recent, slow, failed *ring
	waits                [len(bounds) + 1]atomic.Int64 // by Queue, of those that waited
	waited               atomic.Int64                  // ns
	tasks                taskCounts
	delays               metric.Histogram
	_                    [64]byte // its neighbour is written by another core
}

// New returns a Recorder for the patterns of routes, of which the first should be "", for
// requests without one. now is the clock, nil the real one. cfg must have been
// resolved. Apps make theirs by themselves.
func New(cfg Config, cores int, routes []string, now func() time.Time) *Recorder {
	r := &Recorder{cfg: cfg, routes: routes, now: now, base: time.Now()}
	if now != nil {
		r.base = now()
	}
	for range cores {
		r.cores = append(r.cores, &core{
			routes: make([]tally, len(routes)),
			recent: newRing(cfg.Recent), slow: newRing(cfg.Slow), failed: newRing(cfg.Failed),
		})
	}
	return r
}

// Now returns nanoseconds of the recorder's clock: what the times of [Ended] are.
func (r *Recorder) Now() int64 {
	if r.now != nil {
		return int64(r.now().Sub(r.base))
	}
	return int64(time.Since(r.base))
}

// Begin notes that a request of a route, by its index, has come to a core, and returns the time. [Recorder.End] must
// follow, once.
func (r *Recorder) Begin(core, route int) int64 {
	r.cores[core].routes[route].active.Add(1)
	if r.awaited.Load() != nil {
		r.tell()
	}
	return r.Now()
}

// Next returns a channel that is closed when the next request begins: for what rests while there is none.
func (r *Recorder) Next() <-chan struct{} {
	for {
		if next := r.awaited.Load(); next != nil {
			return *next
		}
		made := make(chan struct{})
		r.awaited.CompareAndSwap(nil, &made)
	}
}

func (r *Recorder) tell() {
	if next := r.awaited.Swap(nil); next != nil {
		close(*next)
	}
}

// Ended is what its owner knows of a request at its end. Times are those of
// [Recorder.Now]; 0: not known.
//
// Owner: whoever made it.
type Ended struct {
	Core, Route int
	Status      int
	Kind        Kind
	Protocol    Protocol
	Broken      bool // the response broke off, for a reason of the service's own
	Refused     bool // by the server itself, before a handler ran
	RequestID   string
	// Began is what Begin returned. Started: the handler, with its middleware. Bound: its
	// input is there. Returned: it has. Opened: the head of a stream was sent, or the
	// connection taken over.
	Began, Started, Bound, Returned, Opened int64
	Pending                                 int64 // ns that a chain waited
	BytesIn, BytesOut                       int64
	Work                                    Work
	Trace                                   *Trace // nil: it is not traced
}

// End writes the record of a request, and puts right in done what is not as records have it. method is the request's
// own; detail is called for slow and failed ones only, and may be nil.
func (r *Recorder) End(done *Ended, method []byte, detail func() Detail) {
	done.normalize()
	v := r.judge(done, method)
	k := r.cores[done.Core]
	route := &k.routes[done.Route]
	route.active.Add(-1)
	counts := route.of(seriesKey(v.method, done.Status))
	counts.count(v.latency, done)
	route.work(&done.Work)
	if done.Started != 0 {
		wait := max(0, done.Started-done.Began)
		k.waits[bucketOf(wait)].Add(1)
		k.waited.Add(wait)
	}
	if (v.slow || v.failed) && detail != nil {
		d := detail()
		d.Error, d.Stack = cut(d.Error, maxError), cut(d.Stack, maxStack)
		v.detail = &d
	}
	k.recent.put(done, &v)
	if v.slow {
		k.slow.put(done, &v)
	}
	if v.failed {
		k.failed.put(done, &v)
	}
	if done.Trace != nil {
		ended := r.record(&entry{*done, v})
		counts.example.Store(&Exemplar{done.Trace.ID, ended.Latency, ended.Start.Add(ended.Took)})
		r.cfg.Tracer.End(&ended)
	}
}

// normalize puts right what is not as records have it.
func (e *Ended) normalize() {
	if e.Status < 100 || e.Status > 999 {
		e.Status = clientGone
	}
	e.Work.Slowest, e.Work.Repeated.SQL = cut(e.Work.Slowest, maxStatement), cut(e.Work.Repeated.SQL, maxStatement)
}

// judge tells how long a request that ends now took, and whether that was too long.
func (r *Recorder) judge(done *Ended, method []byte) verdict {
	v := verdict{method: methodIndex(method), took: max(0, r.Now()-done.Began)}
	v.latency = v.took
	if done.Kind != Whole && done.Opened != 0 {
		v.latency = max(0, done.Opened-done.Began)
	}
	v.slow = v.latency >= int64(r.cfg.SlowAfter)
	v.failed = done.Status >= 500 && !done.Refused || done.Broken
	return v
}

// Time returns the time of day of what [Recorder.Now] has returned.
func (r *Recorder) Time(ns int64) time.Time { return r.base.Add(time.Duration(ns)).Round(0) }

// cut returns at most n bytes of s, which are its own when they are fewer.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(strings.Clone(s[:n]), "")
}
