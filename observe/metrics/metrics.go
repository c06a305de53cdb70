package metrics

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/fasterapi/fasterapi"
	"github.com/fasterapi/fasterapi/broadcast"
	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/client"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/idempotency"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/observe"
	"github.com/fasterapi/fasterapi/resilience"
)

// Metrics are the metrics of an app.
//
// Owner: whoever registers routes, until the app starts; any (immutable) then.
type Metrics struct {
	app       *fasterapi.App
	registry  *prometheus.Registry
	pools     []pool
	caches    []cache.Reporter
	stores    []cache.StoreReporter
	upstreams []*client.Upstream
	topics    []broadcast.Reporter
	keys      []*idempotency.Keys
	roles     []observe.RoleReporter
	schedules []observe.JobReporter
	policies  *resilience.Registry
	wrong     []error
	started   atomic.Bool // Owner: any (atomic).
}

// pool is a database pool and the name that it has in metrics.
//
// Owner: any (immutable once made).
type pool struct {
	name string
	pool *db.Pool
}

// New returns the metrics of an app, before it starts. Mistakes in what is declared end
// the start; behind it they panic.
func New(app *fasterapi.App) *Metrics {
	m := &Metrics{app: app, registry: prometheus.NewRegistry()}
	m.Register(&requests{m})
	m.Register(&cores{m})
	m.Register(&parts{m})
	m.Register(collectors.NewGoCollector())
	m.Register(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.Register(collectors.NewBuildInfoCollector())
	app.OnStart(func(context.Context) error {
		m.started.Store(true)
		return errors.Join(m.wrong...)
	})
	return m
}

// fail notes what is wrong, for the start to end with it. Behind the start nobody would hear of it: it panics with a
// [fasterapi.RegistrationError] at the line of the call.
func (m *Metrics) fail(err error) {
	if !m.started.Load() {
		m.wrong = append(m.wrong, err)
		return
	}
	panic(&fasterapi.RegistrationError{Mistakes: []string{mistake.New(mistake.Here(), "declared behind the start: "+err.Error()).Error()}})
}

// Register adds metrics that a library has made, such as those of its client.
func (m *Metrics) Register(c prometheus.Collector) {
	if err := m.registry.Register(c); err != nil {
		m.fail(fmt.Errorf("metrics: %w", err))
	}
}

// Pool adds the numbers of a database pool under a name, which is the label "pool".
func (m *Metrics) Pool(name string, p *db.Pool) {
	for _, other := range m.pools {
		if other.name == name {
			m.fail(fmt.Errorf("metrics: two pools are called %q", name))
			return
		}
	}
	if p == nil {
		m.fail(fmt.Errorf("metrics: the pool %q is nil", name))
		return
	}
	m.pools = append(m.pools, pool{name, p})
}

// Cache adds the numbers of a cache, whose name is the label "cache".
func (m *Metrics) Cache(c cache.Reporter) {
	if mistake.Absent(c) {
		m.fail(errors.New("metrics: a cache is nil"))
		return
	}
	for _, other := range m.caches {
		if other.Name() == c.Name() {
			m.fail(fmt.Errorf("metrics: two caches are called %q", c.Name()))
			return
		}
	}
	m.caches = append(m.caches, c)
}

// Store adds the numbers of a store that caches share, a *redis.Store of package cache/redis, whose name is the label "store".
func (m *Metrics) Store(s cache.StoreReporter) {
	if mistake.Absent(s) {
		m.fail(errors.New("metrics: a store of caches is nil"))
		return
	}
	for _, other := range m.stores {
		if other.Name() == s.Name() {
			m.fail(fmt.Errorf("metrics: two stores of caches are called %q", s.Name()))
			return
		}
	}
	m.stores = append(m.stores, s)
}

// Topic adds the numbers of a topic of package broadcast, whose name is the label "topic".
func (m *Metrics) Topic(t broadcast.Reporter) {
	if mistake.Absent(t) {
		m.fail(errors.New("metrics: a topic is nil"))
		return
	}
	for _, other := range m.topics {
		if other.Name() == t.Name() {
			m.fail(fmt.Errorf("metrics: two topics are called %q", t.Name()))
			return
		}
	}
	m.topics = append(m.topics, t)
}

// Keys adds the numbers of the requests with idempotency keys; Config.Name of those is the label "keys".
func (m *Metrics) Keys(k *idempotency.Keys) {
	if k == nil {
		m.fail(errors.New("metrics: idempotency keys are nil"))
		return
	}
	for _, other := range m.keys {
		if other.Name() == k.Name() {
			m.fail(fmt.Errorf("metrics: two of the idempotency keys are called %q: give them a Config.Name", k.Name()))
			return
		}
	}
	m.keys = append(m.keys, k)
}

// Role adds what is known here of a role of package leader, a *leader.Role, whose name is the label "role".
func (m *Metrics) Role(r observe.RoleReporter) {
	if mistake.Absent(r) {
		m.fail(errors.New("metrics: a role is nil"))
		return
	}
	name := r.Stats().Role
	for _, other := range m.roles {
		if other.Stats().Role == name {
			m.fail(fmt.Errorf("metrics: two roles are called %q", name))
			return
		}
	}
	m.roles = append(m.roles, r)
}

// Schedule adds the numbers of the jobs of package schedule, of a *schedule.Schedule. The name of a job is the label "scheduled_job", since
// "job" is Prometheus's own. Of two jobs with one name the first is shown.
func (m *Metrics) Schedule(s observe.JobReporter) {
	if mistake.Absent(s) || slices.Contains(m.schedules, s) {
		m.fail(errors.New("metrics: a schedule is nil, or was given twice"))
		return
	}
	m.schedules = append(m.schedules, s)
}

// Upstream adds the numbers of a service that this one calls, whose name is the label "upstream". Those
// of its policy come with [Metrics.Policies].
func (m *Metrics) Upstream(u *client.Upstream) {
	if u == nil {
		m.fail(errors.New("metrics: an upstream is nil"))
		return
	}
	for _, other := range m.upstreams {
		if other.Name() == u.Name() {
			m.fail(fmt.Errorf("metrics: two upstreams are called %q", u.Name()))
			return
		}
	}
	m.upstreams = append(m.upstreams, u)
}

// Policies adds the numbers of every policy, breaker, budget, bulkhead and limiter that
// r knows or is going to know. The last call counts.
func (m *Metrics) Policies(r *resilience.Registry) { m.policies = r }

// Handler answers with everything, in the format that the client asks for: Prometheus's text, OpenMetrics, or
// protocol buffers. It may be mounted in the app itself or served anywhere else. Who may reach it
// learns the routes of the service and how much they are used.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
}

// Gatherer returns what the handler shows, for tests and for what pushes metrics.
func (m *Metrics) Gatherer() prometheus.Gatherer { return m.registry }
