package resilience

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/health"
	"github.com/fasterapi/fasterapi/internal/mistake"
)

// Registry knows the policies of an app, for those who look after it: their numbers
// ([Registry.Stats]), their mistakes, and whether the service is of use ([Registry.Ready]). Any
// goroutine may use it.
//
//	policies := resilience.NewRegistry(supplier, directory)
//	app.Provide(policies) // reports what is wrong with them when the app starts, and joins its /ready
//
// Owner: mu.
type Registry struct {
	mu        sync.Mutex
	policies  []*Policy
	breakers  []*Breaker
	budgets   []*Budget
	bulkheads []*Bulkhead
	limiters  []*Limiter
	wrong     mistake.List
}

// Part is what a [Registry] takes: a [*Policy], with the parts that it has, or a [*Breaker],
// [*Bulkhead], [*Limiter] or [*Budget] alone.
type Part interface {
	Name() string
	Mistake() error
	addTo(*Registry)
}

// NewRegistry returns a registry of these.
func NewRegistry(parts ...Part) *Registry {
	r := &Registry{}
	r.Add(parts...)
	return r
}

// Add adds parts; those that it knows are not added twice. Two of one kind with the same name
// are a mistake: nobody could tell them apart.
func (r *Registry) Add(parts ...Part) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range parts {
		if p != nil {
			p.addTo(r)
		}
	}
}

// named is a part in a list of its kind.
type named interface {
	comparable
	Name() string
	mistakes() mistake.List
}

// include adds a part to its list.
func include[P named](r *Registry, kind string, list *[]P, p P) {
	if slices.Contains(*list, p) {
		return
	}
	for _, other := range *list {
		r.wrong.Unless(other.Name() != p.Name(), "two "+kind+" have the name "+p.Name()+": give each its own")
	}
	r.wrong.Add(p.mistakes())
	*list = append(*list, p)
}

func (p *Policy) addTo(r *Registry) {
	include(r, "policies", &r.policies, p)
	for _, one := range p.parts() {
		one.addTo(r)
	}
}

func (b *Breaker) addTo(r *Registry)  { include(r, "breakers", &r.breakers, b) }
func (b *Budget) addTo(r *Registry)   { include(r, "budgets", &r.budgets, b) }
func (b *Bulkhead) addTo(r *Registry) { include(r, "bulkheads", &r.bulkheads, b) }
func (l *Limiter) addTo(r *Registry)  { include(r, "limiters", &r.limiters, l) }

// Parts returns the parts that r knows.
func (r *Registry) Parts() (list []Part) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.policies {
		list = append(list, p)
	}
	for _, b := range r.breakers {
		list = append(list, b)
	}
	for _, b := range r.budgets {
		list = append(list, b)
	}
	for _, b := range r.bulkheads {
		list = append(list, b)
	}
	for _, l := range r.limiters {
		list = append(list, l)
	}
	return list
}

// Mistake says what is wrong with the parts, nil when nothing is.
func (r *Registry) Mistake() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.wrong.Err()
}

// Ready returns a [*NotReady] that names a breaker which is critical and lets nothing through, nil
// when there is none: for the answer to the question whether this process should get requests. A
// breaker whose time is over counts as ready, so that a request comes and tries.
func (r *Registry) Ready(ctx context.Context) error {
	now := async.Now(ctx)
	r.mu.Lock()
	breakers := slices.Clone(r.breakers)
	r.mu.Unlock()
	for _, b := range breakers {
		if after, shut := b.shut(now); shut && b.cfg.Critical {
			return &NotReady{Breaker: b.name, After: after}
		}
	}
	return nil
}

// HealthCheck returns a check of whether [Registry.Ready] has nothing to say, named "breakers" and
// critical. An app that provides the registry adds it by itself, so that its /ready answers with 503
// while a critical breaker is open, and so it does for the policies that it knows otherwise: those that are provided,
// of upstreams that are, and of middleware.Guard. For a registry that is not provided:
//
//	app.HealthCheck(policies.HealthCheck())
//
// It asks nobody but the breakers, so its result is never kept.
func (r *Registry) HealthCheck() health.Check {
	return health.Check{Name: "breakers", Critical: true, MaxAge: time.Nanosecond, Run: r.Ready}
}

// NotReady is why a service is of no use at the moment. An HTTP server answers it with 503 and
// Retry-After.
//
// Owner: any (a plain value).
type NotReady struct {
	Breaker string
	After   time.Duration // when it tries again
}

// Error names the breaker.
func (n *NotReady) Error() string { return "resilience: the breaker " + n.Breaker + " is open" }

// HTTPStatus is 503.
func (n *NotReady) HTTPStatus() int { return http.StatusServiceUnavailable }

// PublicDetail is the error itself.
func (n *NotReady) PublicDetail() string { return "the breaker " + n.Breaker + " is open" }

// RetryAfter is when the breaker tries again, at least a second.
func (n *NotReady) RetryAfter() time.Duration { return max(n.After, time.Second) }

// shut tells whether b lets nothing through, and for how long.
func (b *Breaker) shut(now time.Time) (after time.Duration, shut bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch b.State() {
	case Isolated:
		return b.cfg.OpenFor, true
	case Open:
		after = min(b.cfg.OpenFor, b.since.Add(b.cfg.OpenFor).Sub(now))
		return after, after > 0
	default:
		return 0, false
	}
}
