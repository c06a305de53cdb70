package admin

import (
	"cmp"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/health"
	"github.com/fasterapi/fasterapi/observe"
	"github.com/fasterapi/fasterapi/reactor"
)

// snapshot is what the dashboard shows of a moment. Times are milliseconds, but for those since 1970.
type snapshot struct {
	Time    int64         `json:"time"`   // ms since 1970
	Window  float64       `json:"window"` // seconds over which rates and percentiles are taken; 0: none yet
	Service serviceFacts  `json:"service"`
	Totals  totals        `json:"totals"`
	Cores   []coreFigures `json:"cores"`
	Routes  []routeFigure `json:"routes"` // those that were used
	Health  checkReport   `json:"health"`
	Parts   partNumbers   `json:"parts"`
	Trouble []incident    `json:"trouble"` // the latest slow and failed requests
	Stalls  stallFigures  `json:"stalls"`
}

// serviceFacts are what does not change while the process lives.
type serviceFacts struct {
	Title   string `json:"title"`
	Version string `json:"version"`
	Host    string `json:"host"`
	PID     int    `json:"pid"`
	Started int64  `json:"started"` // ms since 1970
	Go      string `json:"go"`
	Base    string `json:"base"` // where its requests go, for curl
}

// totals are figures of the whole process.
type totals struct {
	PerSecond   float64 `json:"per_second"`
	Failed      float64 `json:"failed_per_second"` // 5xx
	P50         float64 `json:"p50"`
	P95         float64 `json:"p95"`
	P99         float64 `json:"p99"`
	Active      int64   `json:"active"`
	Connections int64   `json:"connections"`
	Wait        float64 `json:"wait"` // mean, of those that waited for a body, a goroutine or a coroutine
	CPU         float64 `json:"cpu"`  // percent of all processors
	Memory      uint64  `json:"memory"`
	Limit       float64 `json:"memory_percent"` // of GOMEMLIMIT, 0 without one
	Goroutines  int     `json:"goroutines"`
	Requests    int64   `json:"requests"` // since the start
	Shed        uint64  `json:"shed"`     // refused because of overload, since the start
	Overloaded  bool    `json:"overloaded"`
	Tasks       int64   `json:"tasks"`        // background tasks that have not ended
	TasksFailed int64   `json:"tasks_failed"` // and those that have failed, or found no place, since the start
}

// coreFigures are those of one core.
type coreFigures struct {
	Core        int     `json:"core"`
	Busy        float64 `json:"busy"` // 0 to 1
	Wait        float64 `json:"wait"`
	Pending     int64   `json:"pending"`
	Connections int64   `json:"connections"`
	PerSecond   float64 `json:"per_second"`
	Active      int64   `json:"active"`
	Stuck       float64 `json:"stuck"`
	Stalls      int64   `json:"stalls"`
	Unsent      int64   `json:"unsent"`
	Overloaded  bool    `json:"overloaded"`
	Delay       float64 `json:"delay"`
	Shed        uint64  `json:"shed"`
}

// routeFigure are those of a route with a method, over the window; Count and Errors since the start.
type routeFigure struct {
	Method    string  `json:"method"`
	Route     string  `json:"route"` // "": none
	Count     int64   `json:"count"`
	Errors    int64   `json:"errors"` // 5xx
	PerSecond float64 `json:"per_second"`
	Failed    float64 `json:"failed_per_second"`
	Mean      float64 `json:"mean"`
	P50       float64 `json:"p50"`
	P95       float64 `json:"p95"`
	P99       float64 `json:"p99"`
}

// incident is a slow or failed request, in short.
type incident struct {
	Time   int64   `json:"time"` // of its end, ms since 1970
	Method string  `json:"method"`
	Route  string  `json:"route"`
	Status int     `json:"status"`
	Took   float64 `json:"took"`
	Failed bool    `json:"failed"`
	Error  string  `json:"error,omitzero"`
}

// stallFigures tell whether there is something new at /stalls.
type stallFigures struct {
	Count  int64  `json:"count"`
	Latest int64  `json:"latest"` // ms since 1970, 0: none
	At     string `json:"at"`
	Route  string `json:"route"`
}

const (
	// tick is how often a snapshot is made while somebody looks.
	tick = time.Second
	// windowTicks is over how many of them rates and percentiles are taken.
	windowTicks = 10
	// maxIncidents is how many requests a snapshot names, and maxIncidentError the bytes of their errors.
	maxIncidents, maxIncidentError = 8, 200
)

// sample is what was counted at a time.
type sample struct {
	at     time.Time
	counts observe.Counts
}

// sampler makes snapshots.
//
// Owner: the goroutine that watches for viewers.
type sampler struct {
	l       *Listener
	facts   serviceFacts
	usage   health.Usage
	samples []sample // the oldest first
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// factsOf are those of the process.
func (l *Listener) factsOf() serviceFacts {
	cfg := l.app.Config()
	host, _ := os.Hostname()
	base := "http://"
	if cfg.TLS != nil || cfg.TLSCert != "" {
		base = "https://"
	}
	address := "HOST:PORT" // a port of 0 and a unix socket have none that could be known here
	if h, port, err := net.SplitHostPort(cfg.Addr); err == nil && port != "0" && !strings.HasPrefix(cfg.Addr, "unix:") {
		if ip, err := netip.ParseAddr(h); h == "" || err == nil && ip.IsUnspecified() {
			h = "localhost"
		}
		address = net.JoinHostPort(h, port)
	}
	return serviceFacts{
		Title: cmp.Or(cfg.Title, "Service"), Version: cfg.Version, Host: host, PID: os.Getpid(), Started: l.started.UnixMilli(),
		Go: runtime.Version(), Base: base + address,
	}
}

// take makes a snapshot.
func (s *sampler) take(now time.Time, report checkReport) *snapshot {
	out := &snapshot{
		Time: now.UnixMilli(), Service: s.facts, Cores: []coreFigures{}, Routes: []routeFigure{}, Health: report,
		Parts: s.l.parts.numbers(), Trouble: []incident{}, Stalls: s.l.stallFigures(),
	}
	rec := s.l.app.Recorder()
	if rec != nil {
		current := sample{now, rec.Counts()}
		before := sample{}
		if len(s.samples) > 0 {
			before = s.samples[0]
			out.Window = now.Sub(before.at).Seconds()
		}
		s.samples = append(s.samples[max(0, len(s.samples)-windowTicks+1):], current)
		s.addRoutes(out, &current.counts, &before.counts)
		s.addCores(out, &current.counts, &before.counts)
		out.Trouble = incidents(rec)
	} else {
		s.addCores(out, &observe.Counts{}, &observe.Counts{})
	}
	p := s.usage.Look()
	out.Totals.CPU, out.Totals.Memory, out.Totals.Limit, out.Totals.Goroutines = p.CPUPercent, p.MemoryBytes, p.MemoryPercent, p.Goroutines
	return out
}

// addRoutes adds up the series of each route.
func (s *sampler) addRoutes(out *snapshot, now, before *observe.Counts) {
	type name struct {
		route, method string
		status        int
	}
	old := make(map[name]*observe.Series, len(before.Series))
	for i := range before.Series {
		b := &before.Series[i]
		old[name{b.Route, b.Method, b.Status}] = b
	}
	var all, route observe.Series
	var failed int64
	end := func(f *routeFigure) {
		f.PerSecond, f.Mean = perSecond(route.Count, out.Window), ms(route.Sum/time.Duration(max(route.Count, 1)))
		f.P50, f.P95, f.P99 = ms(route.Quantile(0.5)), ms(route.Quantile(0.95)), ms(route.Quantile(0.99))
		all.Merge(&route)
	}
	for i := range now.Series {
		one := &now.Series[i]
		if n := len(out.Routes); n == 0 || out.Routes[n-1].Route != one.Route || out.Routes[n-1].Method != one.Method {
			if n > 0 {
				end(&out.Routes[n-1])
			}
			route = observe.Series{}
			out.Routes = append(out.Routes, routeFigure{Method: one.Method, Route: one.Route})
		}
		f := &out.Routes[len(out.Routes)-1]
		f.Count += one.Count
		d := one.Since(cmp.Or(old[name{one.Route, one.Method, one.Status}], &observe.Series{}))
		if one.Status >= 500 {
			f.Errors += one.Count
			f.Failed += perSecond(d.Count, out.Window)
			failed += d.Count
		}
		route.Merge(&d)
		out.Totals.Requests += one.Count
	}
	if n := len(out.Routes); n > 0 {
		end(&out.Routes[n-1])
	}
	t := &out.Totals
	t.PerSecond, t.Failed = perSecond(all.Count, out.Window), perSecond(failed, out.Window)
	t.P50, t.P95, t.P99 = ms(all.Quantile(0.5)), ms(all.Quantile(0.95)), ms(all.Quantile(0.99))
}

func perSecond(n int64, window float64) float64 {
	if window <= 0 {
		return 0
	}
	return float64(n) / window
}

// addCores tells of each core what it does, and how long requests wait there.
func (s *sampler) addCores(out *snapshot, now, before *observe.Counts) {
	var waited int64
	var wait time.Duration
	for _, stats := range s.l.app.Reactors().Stats() {
		c := coreFigures{
			Core: stats.Core, Busy: stats.Busy, Pending: stats.Pending + stats.Mailbox, Connections: stats.OpenConns, Stuck: ms(stats.Stuck),
			Stalls: stats.Stalls.Count, Unsent: stats.Unsent,
		}
		if stats.Stuck > 0 {
			c.Busy = 1 // its own figure is from before
		}
		out.Totals.Connections += c.Connections
		if stats.Core < len(now.Cores) {
			k := now.Cores[stats.Core]
			var b observe.Core
			if stats.Core < len(before.Cores) {
				b = before.Cores[stats.Core]
			}
			c.Active, c.PerSecond = max(0, k.Active), perSecond(k.Requests-b.Requests, out.Window)
			if n := k.Waited - b.Waited; n > 0 {
				c.Wait = ms((k.WaitTime - b.WaitTime) / time.Duration(n))
				waited, wait = waited+n, wait+k.WaitTime-b.WaitTime
			}
			out.Totals.Active += c.Active
			out.Totals.Tasks += k.Tasks.Waiting + k.Tasks.Running
			out.Totals.TasksFailed += k.Tasks.Failed + k.Tasks.Refused
		}
		out.Cores = append(out.Cores, c)
	}
	out.Totals.Wait = ms(wait / time.Duration(max(waited, 1)))
	for _, o := range s.l.app.Overload() {
		c := &out.Cores[o.Core]
		c.Overloaded, c.Delay, c.Shed = o.Overloaded, ms(o.Delay), o.Normal+o.Batch+o.Critical+o.Limited
		out.Totals.Shed += c.Shed
		out.Totals.Overloaded = out.Totals.Overloaded || o.Overloaded
	}
}

// brief is the beginning of an error, as JSON can say it.
func brief(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), maxIncidentError)], "")
}

// incidents are the latest slow and failed requests.
func incidents(rec *observe.Recorder) []incident {
	list := []incident{}
	for _, records := range [][]observe.Record{rec.Failed(maxIncidents), rec.Slow(maxIncidents)} {
		for i := range records {
			r := &records[i]
			one := incident{
				Time: r.Start.Add(r.Took).UnixMilli(), Method: r.Method, Route: r.Route, Status: r.Status, Took: ms(r.Latency), Failed: r.Failed,
			}
			if r.Detail != nil {
				one.Error = brief(withoutPasswords(r.Detail.Error))
			}
			if !slices.Contains(list, one) { // one may be both
				list = append(list, one)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b incident) int { return cmp.Compare(b.Time, a.Time) })
	return list[:min(len(list), maxIncidents)]
}

func (l *Listener) stallFigures() stallFigures {
	var f stallFigures
	group := l.app.Reactors()
	for _, s := range group.Stats() {
		f.Count += s.Stalls.Count
	}
	latest := slices.MaxFunc(append(group.Stalls(), reactor.Stall{}), func(a, b reactor.Stall) int { return a.Noticed.Compare(b.Noticed) })
	if !latest.Noticed.IsZero() {
		f.Latest, f.At, f.Route = latest.Noticed.UnixMilli(), latest.At, latest.Label
	}
	return f
}
