package observe

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/fasterapi/fasterapi/metric"
)

// Busy tells whether a request has not ended.
func (r *Recorder) Busy() bool {
	for _, k := range r.cores {
		for i := range k.routes {
			if k.routes[i].active.Load() > 0 {
				return true
			}
		}
	}
	return false
}

// Config returns what the recorder keeps.
func (r *Recorder) Config() Config { return r.cfg }

// Recent returns the latest n requests of all cores, the latest first; n below 1: all that are kept.
func (r *Recorder) Recent(n int) []Record {
	return r.read(n, func(k *core) *ring { return k.recent })
}

// Slow returns the latest n slow requests, the latest first; n below 1: all that are kept.
func (r *Recorder) Slow(n int) []Record { return r.read(n, func(k *core) *ring { return k.slow }) }

// Failed returns the latest n failed requests, the latest first; n below 1: all that are kept.
func (r *Recorder) Failed(n int) []Record {
	return r.read(n, func(k *core) *ring { return k.failed })
}

// Find returns the records that are kept of requests with this id, the latest first.
func (r *Recorder) Find(requestID string) []Record {
	var found []Record
	if requestID == "" {
		return nil
	}
	for _, list := range [][]Record{r.Recent(0), r.Slow(0), r.Failed(0)} {
		for _, one := range list {
			if one.RequestID == requestID && !slices.ContainsFunc(found, func(f Record) bool { return f.same(&one) }) {
				found = append(found, one)
			}
		}
	}
	sortLatest(found)
	return found
}

func (r *Record) same(o *Record) bool {
	return r.Start.Equal(o.Start) && r.Core == o.Core && r.Route == o.Route && r.Took == o.Took
}

func sortLatest(list []Record) {
	slices.SortStableFunc(list, func(a, b Record) int { return b.Start.Add(b.Took).Compare(a.Start.Add(a.Took)) })
}

func (r *Recorder) read(n int, of func(*core) *ring) []Record {
	var list []Record
	for _, k := range r.cores {
		of(k).each(func(e *entry) { list = append(list, r.record(e)) })
	}
	sortLatest(list)
	if n > 0 && len(list) > n {
		list = list[:n]
	}
	return list
}

// record is an entry for those outside.
func (r *Recorder) record(e *entry) Record {
	out := Record{
		Route: r.routes[e.Route], Method: methods[e.method], Status: e.Status, Kind: e.Kind, Protocol: e.Protocol, Core: e.Core,
		RequestID: e.RequestID, Start: r.Time(e.Began), Took: time.Duration(e.took), Latency: time.Duration(e.latency),
		Pending: time.Duration(e.Pending), BytesIn: e.BytesIn, BytesOut: e.BytesOut, Slow: e.slow, Failed: e.failed, Refused: e.Refused, Detail: e.detail,
		Work: e.Work, Trace: e.Trace,
	}
	last := e.Began
	for _, part := range []struct {
		end  int64
		took *time.Duration
	}{{e.Started, &out.Queue}, {e.Bound, &out.Input}, {e.Returned, &out.Handler}} {
		if part.end != 0 {
			*part.took = time.Duration(max(0, part.end-last))
			last = part.end
		}
	}
	if e.Returned != 0 {
		out.Output = time.Duration(max(0, e.Began+e.took-last))
	}
	return out
}

// Series counts the requests of a route with a method and a status, over all cores.
//
// Owner: whoever asked for it.
type Series struct {
	Route  string // the pattern, "" for none
	Method string // as in Record
	Status int
	Count  int64
	// Sum is that of Record.Latency, and Buckets how many were in each of [Bounds],
	// and beyond the last.
	Sum               time.Duration
	Buckets           []int64
	BytesIn, BytesOut int64
	// Exemplar is the latest one that was traced, nil for none.
	Exemplar *Exemplar
	cells    []int64 // as grid has them
}

// Quantile returns a time that the share q (0..1) of the requests did not exceed,
// interpolated between bounds that are at most 19 % apart; 0 without requests, and 64 s
// for what is beyond it.
func (s *Series) Quantile(q float64) time.Duration { return quantile(s.cells, s.Count, q) }

// Since returns what has been counted since before, which is the same series at an earlier time, or the zero value.
func (s *Series) Since(before *Series) Series {
	d := *s
	d.Count -= before.Count
	d.Sum -= before.Sum
	d.BytesIn -= before.BytesIn
	d.BytesOut -= before.BytesOut
	d.Buckets, d.cells = minus(s.Buckets, before.Buckets), minus(s.cells, before.cells)
	return d
}

func minus(a, b []int64) []int64 {
	out := slices.Clone(a)
	for i := range min(len(out), len(b)) {
		out[i] -= b[i]
	}
	return out
}

// Merge adds what o has counted, which is another series.
func (s *Series) Merge(o *Series) {
	s.Count += o.Count
	s.Sum += o.Sum
	s.BytesIn += o.BytesIn
	s.BytesOut += o.BytesOut
	s.Buckets, s.cells = plus(s.Buckets, o.Buckets), plus(s.cells, o.cells)
}

func plus(a, b []int64) []int64 {
	if a == nil {
		return slices.Clone(b)
	}
	for i := range min(len(a), len(b)) {
		a[i] += b[i]
	}
	return a
}

func quantile(counts []int64, count int64, q float64) time.Duration {
	rank, below := q*float64(count), int64(0)
	for i, n := range counts {
		if n == 0 || float64(below+n) < rank {
			below += n
			continue
		}
		if i == cells-1 {
			break
		}
		lower := int64(0)
		if i > 0 {
			lower = grid[i-1].upTo
		}
		return time.Duration(float64(lower) + float64(grid[i].upTo-lower)*max(0, rank-float64(below))/float64(n))
	}
	if count == 0 {
		return 0
	}
	return time.Duration(grid[cells-2].upTo)
}

// Native returns the requests by the buckets of a native histogram of [NativeSchema]: how many
// took at most [NativeZero], and of the others those that have any, by ascending index i: such a
// bucket holds times above 2^((i-1)/4) s up to 2^(i/4) s. Those above 64 s share one.
func (s *Series) Native() (zero int64, buckets iter.Seq2[int, int64]) {
	counts := s.cells
	for len(counts) > 0 && grid[len(s.cells)-len(counts)].native == lowest {
		zero, counts = zero+counts[0], counts[1:]
	}
	first := len(s.cells) - len(counts)
	return zero, func(yield func(index int, count int64) bool) {
		sum := int64(0)
		for i, n := range counts {
			sum += n
			at := grid[first+i].native
			if last := i == len(counts)-1 || grid[first+i+1].native != at; !last || sum == 0 {
				continue
			}
			if !yield(at, sum) {
				return
			}
			sum = 0
		}
	}
}

// Active is how many requests of a route have not ended.
//
// Owner: whoever asked for it.
type Active struct {
	Route string
	Count int64
}

// Core is what one core has counted.
//
// Owner: whoever asked for it.
type Core struct {
	Core     int
	Requests int64 // that have ended
	Active   int64 // that have not
	Missed   int64 // records that found their place in a ring taken; they are counted all the same
	// Waited is how many requests waited for their body, a goroutine or a
	// coroutine, Waits how long, in the buckets of [Bounds], and WaitTime the sum.
	Waited   int64
	Waits    []int64
	WaitTime time.Duration
	// Delays are for how long requests had waited for the processor when their handler
	// started, in the kernel, in a queue or as a goroutine; none while Config.Overload.Off.
	Delays metric.Snapshot
	Tasks  Tasks
}

// Counts is everything that was counted until now.
//
// Owner: whoever asked for it.
type Counts struct {
	Series []Series // by route, method and status; none is empty
	Active []Active // by route, where there are any
	// Queried and Repeated are by route, of those that have any.
	Queried  []Queried
	Repeated []Repeats
	Cores    []Core
}

// Counts adds up what the cores have counted. What ends meanwhile may be half in it.
func (r *Recorder) Counts() Counts {
	type name struct {
		route string
		key   uint32
	}
	var out Counts
	found := map[name]int{}
	active, repeated, queried := map[string]int64{}, map[string]int64{}, map[string]Queried{}
	for i, k := range r.cores {
		own := Core{Core: i, Missed: k.recent.missed.Load() + k.slow.missed.Load() + k.failed.missed.Load()}
		for route := range k.routes {
			t := &k.routes[route]
			if n := t.active.Load(); n != 0 {
				active[r.routes[route]] += n
				own.Active += n
			}
			if n := t.queries.Load(); n != 0 {
				q := queried[r.routes[route]]
				queried[r.routes[route]] = Queried{r.routes[route], q.Queries + n, q.Time + time.Duration(t.queryTime.Load())}
			}
			if n := t.repeated.Load(); n != 0 {
				repeated[r.routes[route]] += n
			}
			for s := t.first.Load(); s != nil; s = s.next.Load() {
				id := name{r.routes[route], s.key}
				at, known := found[id]
				if !known {
					at = len(out.Series)
					found[id] = at
					out.Series = append(out.Series, Series{
						Route: id.route, Method: methods[s.key>>16], Status: int(s.key & 0xffff), Buckets: make([]int64, len(bounds)+1), cells: make([]int64, cells),
					})
				}
				own.Requests += out.Series[at].add(s)
			}
		}
		own.Waits = make([]int64, len(k.waits))
		for b := range k.waits {
			own.Waits[b] = k.waits[b].Load()
			own.Waited += own.Waits[b]
		}
		own.WaitTime = time.Duration(k.waited.Load())
		own.Delays, own.Tasks = k.delays.Snapshot(), k.tasks.read()
		out.Cores = append(out.Cores, own)
	}
	out.Series = slices.DeleteFunc(out.Series, func(s Series) bool { return s.Count == 0 }) // made, and not counted yet
	for route, n := range active {
		if n > 0 {
			out.Active = append(out.Active, Active{route, n})
		}
	}
	for route, n := range repeated {
		out.Repeated = append(out.Repeated, Repeats{route, n})
	}
	out.Queried = slices.SortedFunc(maps.Values(queried), func(a, b Queried) int { return cmp.Compare(a.Route, b.Route) })
	slices.SortFunc(out.Repeated, func(a, b Repeats) int { return cmp.Compare(a.Route, b.Route) })
	slices.SortFunc(out.Active, func(a, b Active) int { return cmp.Compare(a.Route, b.Route) })
	slices.SortFunc(out.Series, func(a, b Series) int {
		return cmp.Or(cmp.Compare(a.Route, b.Route), cmp.Compare(a.Method, b.Method), cmp.Compare(a.Status, b.Status))
	})
	return out
}

// add adds what a core has counted, and returns how many requests that were.
func (s *Series) add(o *series) (count int64) {
	for i := range o.cells {
		n := o.cells[i].Load()
		s.cells[i] += n
		s.Buckets[grid[i].bucket] += n
		count += n
	}
	s.Count += count
	if e := o.example.Load(); e != nil && (s.Exemplar == nil || e.At.After(s.Exemplar.At)) {
		s.Exemplar = e
	}
	s.Sum += time.Duration(o.sum.Load())
	s.BytesIn += o.in.Load()
	s.BytesOut += o.out.Load()
	return count
}
