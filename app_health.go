package fasterapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/health"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/internal/parts"
	"github.com/fasterapi/fasterapi/internal/router"
	"github.com/fasterapi/fasterapi/resilience"
)

// HealthConfig says where an app tells those who watch it how it is. The zero value does
// it at /live, /ready and /health. A route of the app at one of these paths takes its
// place, and an http.Handler that is mounted at "/" that of all. They are answered without the app's middleware, and are not part of its documents.
type HealthConfig struct {
	// Off answers none of them.
	Off bool
	// Live is the path that answers 200 while the process answers at all: whoever gets no
	// answer should restart it. Default "/live".
	Live string
	// Ready is the path that answers 200 while the app should get requests, else 503: not
	// before it has started, not while it drains, and not while a critical check fails.
	// Default "/ready".
	Ready string
	// Path answers as Ready does, with what is known of the process and of each check.
	// Default "/health".
	Path string
}

// probes are what an app tells of its health.
//
// Owner: while registered, the goroutine that registers, as pools and checks until the
// start has ended; started any (atomic); usage any (its mu).
type probes struct {
	listed  []listedCheck
	checks  *health.Checks // from running on
	began   time.Time
	started atomic.Bool
	usage   health.Usage
}

// listedCheck is a check with the place where it was registered.
type listedCheck struct {
	health.Check
	place mistake.Place
}

// HealthCheck adds a check to what /ready and /health tell. Values of providers with a
// method HealthCheck() health.Check, such as a *db.Pool, are added by themselves.
func (a *App) HealthCheck(c health.Check) {
	place := a.registering("HealthCheck")
	for _, err := range c.Mistakes() {
		a.wrong.Unless(false, err.Error())
	}
	for _, other := range a.probes.listed {
		a.wrong.Unless(other.Name != c.Name, fmt.Sprintf("there is a health check named %q already (%s)", c.Name, other.place.Site))
	}
	a.probes.listed = append(a.probes.listed, listedCheck{c, place})
}

// HealthReport tells how the checks of the app stand, as /health does, but with the errors. It runs those whose result is
// older than their MaxAge, each for its Timeout at most; ctx bounds how long it waits. It is the zero value before
// the app has started.
func (a *App) HealthReport(ctx context.Context) health.Report {
	if !a.probes.started.Load() {
		return health.Report{}
	}
	return a.probes.checks.Report(ctx)
}

// addChecker adds the check of a provided value that has one. name tells providers of
// one type apart.
func (p *probes) addChecker(v any, name string) {
	checker, ok := v.(health.Checker)
	if !ok {
		return
	}
	c := checker.HealthCheck()
	if name != "" {
		c.Name += " " + name
	}
	wanted := c.Name
	for n := 2; p.has(c.Name); n++ {
		c.Name = fmt.Sprintf("%s %d", wanted, n)
	}
	p.listed = append(p.listed, listedCheck{Check: c})
}

func (p *probes) has(name string) bool {
	for _, c := range p.listed {
		if c.Name == name {
			return true
		}
	}
	return false
}

// addBreakers adds the check of the critical breakers that a knows of, but for those of registries that are
// provided, which have theirs.
func (p *probes) addBreakers(a *App) {
	var checked []resilience.Part
	for _, one := range a.providers.list {
		if r, ok := one.values().Value.(*resilience.Registry); ok && r != nil {
			checked = append(checked, r.Parts()...)
		}
	}
	found := resilience.NewRegistry()
	for _, v := range a.Provided() {
		for _, part := range partsIn(v) {
			b, ok := part.(*resilience.Breaker)
			if ok && b.Stats().Critical && !slices.Contains(checked, part) {
				found.Add(b)
			}
		}
	}
	if len(found.Parts()) > 0 {
		p.addChecker(found, "")
	}
}

// partsIn are the parts of policies that v is, or has.
func partsIn(v any) []resilience.Part {
	if mistake.Absent(v) || parts.Promoted[resilience.Part](v) || parts.Promoted[upstream](v) {
		return nil
	}
	switch v := v.(type) {
	case *resilience.Registry:
		return v.Parts()
	case resilience.Part:
		return resilience.NewRegistry(v).Parts()
	case upstream:
		if p := v.Policy(); p != nil {
			return resilience.NewRegistry(p).Parts()
		}
	}
	return nil
}

// upstream is a *client.Upstream.
type upstream interface{ Policy() *resilience.Policy }

// begin makes the checks, when all values of providers are there.
func (p *probes) begin(a *App) error {
	p.addBreakers(a)
	all := make([]health.Check, len(p.listed))
	for i := range p.listed {
		all[i] = p.listed[i].Check
		if run := all[i].Run; a.cfg.Clock != nil && run != nil { // what goes by the time goes by that of the test
			all[i].Run = func(ctx context.Context) error {
				return run(async.WithSite(ctx, async.Site{Scheduler: a.reactors.Reactor(0)}))
			}
		}
	}
	checks, err := health.New(a.log, all...)
	if err != nil {
		return fmt.Errorf("fasterapi: the health check of a provided value: %w", err)
	}
	p.checks, p.began = checks, time.Now()
	p.usage.Look()
	p.started.Store(true)
	return nil
}

// checkHealth returns what is wrong with the paths, which have their defaults.
func (c *Config) checkHealth() error {
	h := &c.Health
	h.Live, h.Ready, h.Path = cmp.Or(h.Live, "/live"), cmp.Or(h.Ready, "/ready"), cmp.Or(h.Path, "/health")
	var errs []error
	for _, p := range [...]struct{ name, path string }{{"Live", h.Live}, {"Ready", h.Ready}, {"Path", h.Path}} {
		if !strings.HasPrefix(p.path, "/") || strings.ContainsAny(p.path, "{}") {
			errs = append(errs, errors.New("Config.Health."+p.name+" must start with a slash and have no wildcards"))
		}
	}
	if h.Live == h.Ready || h.Ready == h.Path || h.Live == h.Path {
		errs = append(errs, errors.New("Config.Health.Live, Ready and Path must differ"))
	}
	return errors.Join(errs...)
}

// probeRoutes makes the routes that tell of the app's health, as far as they are wanted
// and the app does not use their paths itself.
func (a *App) probeRoutes() (routes []*route) {
	if a.cfg.Health.Off || a.cfgErr != nil || a.mountsAll() { // its paths may be what is wrong
		return nil
	}
	for _, p := range [...]struct {
		path   string
		answer endpoint
	}{
		{a.cfg.Health.Live, newStraight(a.live)}, {a.cfg.Health.Ready, newStraight(a.ready)}, {a.cfg.Health.Path, newStraight(a.health)},
	} {
		if !a.uses(p.path, false) {
			routes = append(routes, &route{
				method: http.MethodGet, pattern: router.ParsePattern(p.path), site: "Config.Health", endpoint: p.answer, group: &a.root,
			})
		}
	}
	return routes
}

// mountsAll tells whether a mounted handler answers all that no route does. It may have
// had its own paths for this before it was mounted.
func (a *App) mountsAll() bool {
	return slices.ContainsFunc(a.routes, func(r *route) bool {
		m, ok := r.endpoint.(*mounted)
		return ok && m.depth == 0
	})
}

// condition is an answer to those who only want to know whether.
type condition struct {
	// Status is "ok", "degraded" (a check fails that is not critical), "failing", "starting"
	// or "draining".
	Status string `json:"status"`
}

// vitals is what the app tells of its health.
type vitals struct {
	condition

	Title         string   `json:"title,omitempty"`
	Version       string   `json:"version,omitempty"`
	Uptime        float64  `json:"uptime_seconds"`
	CPU           float64  `json:"cpu_percent"` // of all processors, since the request before
	Memory        uint64   `json:"memory_bytes"`
	MemoryPercent *float64 `json:"memory_percent,omitempty"` // of GOMEMLIMIT
	Goroutines    int      `json:"goroutines"`
	Cores         int      `json:"reactor_cores"`
	Connections   int64    `json:"open_connections"`
	Stuck         []int    `json:"stuck_cores,omitempty"`
	Checks        []vital  `json:"checks,omitempty"`
}

// vital is what a check tells. Why it fails is in the log: it may name hosts.
type vital struct {
	Name     string  `json:"name"`
	Status   string  `json:"status"`
	Critical bool    `json:"critical"`
	Took     float64 `json:"took_seconds"`
	Age      float64 `json:"age_seconds"`
}

func (a *App) live(*Ctx, None) (condition, error) { return condition{"ok"}, nil }

func (a *App) ready(c *Ctx, _ None) (condition, error) {
	status, _ := a.condition(c)
	return status, nil
}

func (a *App) health(c *Ctx, _ None) (vitals, error) {
	var v vitals
	var report health.Report
	v.condition, report = a.condition(c)
	v.Title, v.Version, v.Cores = a.cfg.Title, a.cfg.Version, a.reactors.Len()
	if a.probes.started.Load() {
		v.Uptime = time.Since(a.probes.began).Seconds()
	}
	p := a.probes.usage.Look()
	v.CPU, v.Memory, v.Goroutines = p.CPUPercent, p.MemoryBytes, p.Goroutines
	if p.MemoryPercent > 0 {
		v.MemoryPercent = &p.MemoryPercent
	}
	for _, s := range a.reactors.Stats() {
		v.Connections += s.OpenConns
		if s.Stuck >= time.Second {
			v.Stuck = append(v.Stuck, s.Core)
		}
	}
	for _, r := range report.Results {
		v.Checks = append(v.Checks, vital{r.Name, string(r.Status), r.Critical, r.Took.Seconds(), time.Since(r.At).Seconds()})
	}
	return v, nil
}

// condition tells how the app is, and sets the status of the answer.
func (a *App) condition(c *Ctx) (condition, health.Report) {
	c.SetHeader("Cache-Control", "no-store")
	if !a.probes.started.Load() {
		c.SetStatus(http.StatusServiceUnavailable)
		return condition{"starting"}, health.Report{}
	}
	report := a.probes.checks.Report(c)
	status := string(report.Status)
	if a.drain.leaving.Load() || a.drain.ending.Load() {
		status = "draining"
	}
	if status == "draining" || report.Status == health.Failing {
		c.SetStatus(http.StatusServiceUnavailable)
	}
	return condition{status}, report
}
