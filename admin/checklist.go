package admin

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/logs"
)

// checkItem is a line of the production checklist, as it stands in this process.
type checkItem struct {
	Name   string `json:"name"`
	State  string `json:"state"`           // "ok", "warn", "fail", or "manual": nobody can see it from here
	Reason string `json:"reason"`          // what was found
	Remedy string `json:"remedy,omitzero"` // what to do about it
}

// facts are what the checklist looks at.
type facts struct {
	reactors, procs       int
	recording             bool
	parts                 partNumbers
	stalls                stallFigures
	moved                 []string // routes that went to goroutines since they blocked their core
	hot                   []string // routes with more than 1,000 requests a second that are no chains
	peak                  float64  // requests a second, since the start
	metrics               bool     // something serves them
	scraped               time.Duration
	wasScraped            bool
	structured            bool
	health                bool
	checks                int
	memoryLimit           int64
	overload, stuckLimit  bool
	drainDelay, drainTime time.Duration
	uptime                time.Duration
}

// hotRate is from how many requests a second on the guide wants explicit chains.
const hotRate = 1000

// gather looks at the process.
func (l *Listener) gather() *facts {
	cfg := l.app.Config()
	f := &facts{
		reactors: l.app.Reactors().Len(), procs: runtime.GOMAXPROCS(0), parts: l.parts.numbers(), stalls: l.stallFigures(),
		structured: structured(cfg.Logger), health: !cfg.Health.Off, memoryLimit: debug.SetMemoryLimit(-1), overload: !cfg.Overload.Off,
		stuckLimit: cfg.StuckLimit > 0, drainDelay: max(0, cfg.DrainDelay), drainTime: cfg.DrainTimeout, uptime: time.Since(l.started),
	}
	f.checks = l.checkCount()
	if _, own := l.cfg.Pages["/metrics"]; own {
		f.metrics = true
		if at := l.scraped.Load(); at != 0 {
			f.wasScraped, f.scraped = true, time.Since(time.Unix(0, at))
		}
	}
	rates := map[string]float64{}
	if rec := l.app.Recorder(); rec != nil {
		f.recording = true
		for _, s := range rec.Counts().Series {
			rate := float64(s.Count) / max(1, f.uptime.Seconds())
			rates[s.Method+" "+s.Route] += rate
			f.peak += rate
		}
	}
	for _, r := range l.app.Routes() {
		if strings.HasSuffix(r.Pattern, "/metrics") {
			f.metrics = true
		}
		if r.Moved {
			f.moved = append(f.moved, r.String())
		}
		if rates[r.String()] > hotRate && r.Style != "chain" {
			f.hot = append(f.hot, r.String())
		}
	}
	return f
}

// checkCount is how many health checks there are. It waits for none of them.
func (l *Listener) checkCount() int {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return len(l.app.HealthReport(ctx).Results)
}

// structured tells whether log lines can be read by machines.
func structured(log *slog.Logger) bool {
	if log == nil {
		return false
	}
	switch log.Handler().(type) {
	case *slog.JSONHandler, *slog.TextHandler:
		return true
	}
	return logs.LevelsOf(log) != nil
}

func (l *Listener) checklist(w http.ResponseWriter, _ *http.Request) { write(w, l.gather().items()) }

// items goes through the production guide's list, in its order, and then through what it left out.
func (f *facts) items() []checkItem {
	return []checkItem{
		f.cores(), f.pools(), f.blocking(), f.chains(), f.retries(), f.timeouts(), f.breakers(), f.caching(), f.metering(), f.logging(),
		f.probes(), f.limits(), f.loadTest(), f.monitoring(), f.protection(), f.stuck(), f.shutdown(),
	}
}

func some(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func (f *facts) cores() checkItem {
	text := fmt.Sprintf("%s, and %s that Go may use", some(f.reactors, "reactor", "reactors"), some(f.procs, "processor", "processors"))
	if f.reactors > f.procs {
		return checkItem{"Cores", "warn", text + ": more reactors than processors slow each other down", "Leave Config.Cores and REACTOR_CORES unset, or set them to the quota of the container."}
	}
	return checkItem{"Cores", "ok", text, ""}
}

func (f *facts) pools() checkItem {
	const name = "Connection pools"
	var exhausted, waits, queries uint64
	for _, p := range f.parts.Pools {
		exhausted, waits, queries = exhausted+p.Exhausted, waits+p.Waits, queries+p.Queries
	}
	switch {
	case len(f.parts.Pools) == 0:
		return checkItem{name, "manual", "No pool is known here.", "Give pools to App.Provide, or name them in admin.Config.Pools, to see whether they are large enough."}
	case exhausted > 0:
		return checkItem{name, "fail", fmt.Sprintf("%d calls found no connection in time.", exhausted), "Raise MaxConns, shorten transactions and slow statements, or let fewer requests in (package resilience, Bulkhead)."}
	case queries > 100 && waits > queries/10:
		return checkItem{name, "warn", fmt.Sprintf("%d of %d calls had to wait for a connection.", waits, queries), "Raise MaxConns, or shorten transactions and slow statements."}
	}
	return checkItem{name, "ok", fmt.Sprintf("%s, %d calls, %d of them had to wait", some(len(f.parts.Pools), "pool", "pools"), queries, waits), ""}
}

func (f *facts) blocking() checkItem {
	const name = "Nothing blocks a core"
	switch {
	case len(f.moved) > 0:
		return checkItem{name, "warn", "These routes kept blocking their core, and run on goroutines now: " + listed(f.moved), "See Stalls for the place; await futures there, or leave OnReactor out."}
	case f.stalls.Count > 0:
		return checkItem{name, "warn", some(int(f.stalls.Count), "stall", "stalls") + " since the start, the latest in " + orNone(f.stalls.Route, "work without a name"), "See Stalls for file, line and what to do."}
	}
	return checkItem{name, "ok", "No stall since the start.", ""}
}

func (f *facts) chains() checkItem {
	const name = "Chains on hot paths"
	if !f.recording {
		return checkItem{name, "manual", "Requests are not counted.", "Leave Config.Observe.Off unset."}
	}
	if len(f.hot) > 0 {
		return checkItem{name, "warn", fmt.Sprintf("More than %d requests a second, and no chain: %s", hotRate, listed(f.hot)), "Register them with GetFuture or OnReactor if they need not block (docs/explanation/styles.md)."}
	}
	return checkItem{name, "ok", fmt.Sprintf("No route has more than %d requests a second without being a chain.", hotRate), ""}
}

func (f *facts) retries() checkItem {
	const name = "Retries with backoff"
	n := len(f.parts.Policies)
	if n == 0 {
		return checkItem{name, "manual", "No policy is known here.", "If the service calls others, give a resilience.Registry with the policies to App.Provide."}
	}
	var calls, retried, unpaid int64
	for _, p := range f.parts.Policies {
		calls, retried, unpaid = calls+p.Calls, retried+p.Retries, unpaid+p.Unpaid
	}
	text := fmt.Sprintf("%s, %d calls, %d retries", some(n, "policy", "policies"), calls, retried)
	if unpaid > 0 {
		return checkItem{name, "warn", fmt.Sprintf("%s; %d more were not made, since their budget was used up", text, unpaid), "What is called fails too often to be worth retrying: see its breaker and its health."}
	}
	return checkItem{name, "ok", text, ""}
}

func (f *facts) timeouts() checkItem {
	const name = "Timeouts on calls"
	var timeouts int64
	for _, p := range f.parts.Policies {
		timeouts += p.Timeouts
	}
	if len(f.parts.Policies) == 0 {
		return checkItem{name, "manual", "No policy is known here.", "Bound calls of other services with resilience.Config.Timeout, or with the context."}
	}
	return checkItem{name, "ok", fmt.Sprintf("%d attempts took too long and were given up.", timeouts), ""}
}

func (f *facts) breakers() checkItem {
	const name = "Circuit breakers"
	var open []string
	for _, b := range f.parts.Breakers {
		if b.State != "closed" {
			open = append(open, b.Name+" ("+b.State+")")
		}
	}
	switch {
	case len(f.parts.Breakers) == 0:
		return checkItem{name, "manual", "No breaker is known here.", "If the service needs others that may fail, give their policies a resilience.Breaker."}
	case len(open) > 0:
		return checkItem{name, "fail", "Not closed: " + listed(open), "What is behind them fails: see Resources, and the log of that service."}
	}
	return checkItem{name, "ok", some(len(f.parts.Breakers), "breaker, closed", "breakers, all closed"), ""}
}

func (f *facts) caching() checkItem {
	const name = "Caching"
	if len(f.parts.Caches) == 0 {
		return checkItem{name, "manual", "No cache is known here.", "Name caches in admin.Config.Caches, or give them to App.Provide; what is expensive and asked again belongs in one."}
	}
	for _, c := range f.parts.Caches {
		if asked := c.Hits + c.Misses + c.Stale; asked >= 1000 && c.Misses > asked/2 {
			return checkItem{name, "warn", fmt.Sprintf("The cache %s has a value in %d of %d cases only.", c.Name, asked-c.Misses, asked), "Raise its size or its TTL, or look whether its keys are too fine."}
		}
	}
	return checkItem{name, "ok", some(len(f.parts.Caches), "cache", "caches"), ""}
}

func (f *facts) metering() checkItem {
	const name = "Metrics"
	switch {
	case !f.recording:
		return checkItem{name, "fail", "Requests are not counted.", "Leave Config.Observe.Off unset."}
	case !f.metrics:
		return checkItem{name, "warn", "Nothing serves /metrics.", `Serve package observe/metrics here: admin.Config.Pages: {"/metrics": m.Handler()}.`}
	}
	return checkItem{name, "ok", "Requests are counted, and /metrics is served.", ""}
}

func (f *facts) logging() checkItem {
	const name = "Structured logs"
	if !f.structured {
		return checkItem{name, "warn", "The handler of the logger is none of log/slog's or package logs'.", "Make it with logs.New, if its lines cannot be read by machines."}
	}
	return checkItem{name, "ok", "Lines have fields that machines can read.", ""}
}

func (f *facts) probes() checkItem {
	const name = "Health checks"
	switch {
	case !f.health:
		return checkItem{name, "fail", "Config.Health.Off is set.", "Leave it unset, or answer /live and /ready with routes of your own."}
	case f.checks == 0:
		return checkItem{name, "warn", "The service is ready whatever it depends on: there is no check.", "Give pools to App.Provide, which check themselves, or add App.HealthCheck."}
	}
	return checkItem{name, "ok", some(f.checks, "check decides", "checks decide") + " whether it is ready", ""}
}

func (f *facts) limits() checkItem {
	const name = "Resource limits"
	if f.memoryLimit == math.MaxInt64 {
		return checkItem{name, "warn", "The collector of garbage knows no limit of the memory.", "Give the container a limit of memory, which App.Run follows, or set GOMEMLIMIT."}
	}
	return checkItem{name, "ok", fmt.Sprintf("Memory up to %d MiB", f.memoryLimit>>20), ""}
}

func (f *facts) loadTest() checkItem {
	return checkItem{
		"Load test", "manual", fmt.Sprintf("%.1f requests a second on average in %s", f.peak, f.uptime.Round(time.Second)),
		"Whether it was tested with more than it gets nobody can see from here: send it twice the load that you expect, and look at this page.",
	}
}

func (f *facts) monitoring() checkItem {
	const name = "Monitoring"
	switch {
	case !f.metrics:
		return checkItem{name, "warn", "Nobody can collect metrics.", "See Metrics above."}
	case f.wasScraped && f.scraped < 5*time.Minute:
		return checkItem{name, "ok", fmt.Sprintf("/metrics was read %s ago.", f.scraped.Round(time.Second)), ""}
	case f.wasScraped:
		return checkItem{name, "warn", fmt.Sprintf("/metrics was read %s ago for the last time.", f.scraped.Round(time.Second)), "Let Prometheus or a collector read it every 15 s or so."}
	}
	return checkItem{name, "manual", "Nobody has read /metrics of this address yet.", "Let Prometheus or a collector read it every 15 s or so; dashboards and alerts are in docs/how-to/observe.md."}
}

func (f *facts) protection() checkItem {
	const name = "Overload protection"
	if !f.overload {
		return checkItem{name, "warn", "It is off: under too much load every request becomes slow.", "Leave Config.Overload.Off and OVERLOAD_PROTECTION unset."}
	}
	return checkItem{name, "ok", "On", ""}
}

func (f *facts) stuck() checkItem {
	const name = "Stuck cores"
	if !f.stuckLimit {
		return checkItem{name, "warn", "A handler with an endless loop holds its core until somebody restarts the process.", `Set Config.StuckLimit or REACTOR_STUCK_LIMIT, such as "30s".`}
	}
	return checkItem{name, "ok", "The process ends when a core is stuck, so that it is started anew.", ""}
}

func (f *facts) shutdown() checkItem {
	const name = "Graceful shutdown"
	text := fmt.Sprintf("After SIGTERM clients have %v to go elsewhere, and requests %v to end.", f.drainDelay, f.drainTime)
	if f.drainDelay == 0 {
		return checkItem{name, "warn", text, "Give Config.DrainDelay the time that a load balancer takes to notice, such as 5s."}
	}
	return checkItem{name, "ok", text, ""}
}

// listed are up to five names.
func listed(names []string) string {
	const most = 5
	if more := len(names) - most; more > 0 {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(names, ", ")
}

func orNone(text, none string) string {
	if text == "" {
		return none
	}
	return text
}
