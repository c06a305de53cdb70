package admin

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/fasterapi/fasterapi/broadcast"
	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/client"
	"github.com/fasterapi/fasterapi/db"
	"github.com/fasterapi/fasterapi/idempotency"
	"github.com/fasterapi/fasterapi/internal/mistake"
	made "github.com/fasterapi/fasterapi/internal/parts"
	"github.com/fasterapi/fasterapi/observe"
	"github.com/fasterapi/fasterapi/resilience"
)

// parts are the pools, caches, their stores, upstreams, policies, topics, keys, roles and schedules that are shown: those of the configuration, and what is among
// App.Provided.
//
// Owner: the start of the app; any (immutable) then.
type parts struct {
	pools     []namedPool
	caches    []cache.Reporter
	stores    []cache.StoreReporter
	upstreams []*client.Upstream
	policies  []*resilience.Registry
	alone     *resilience.Registry // what is given without one
	topics    []broadcast.Reporter
	keys      []*idempotency.Keys
	roles     []observe.RoleReporter
	schedules []observe.JobReporter
}

// namedPool is a pool and what it is called.
//
// Owner: any (immutable once made).
type namedPool struct {
	name string
	pool *db.Pool
}

// findParts looks for them among what the app provides.
func (l *Listener) findParts() {
	p := &l.parts
	p.alone = resilience.NewRegistry()
	for _, name := range sortedKeys(l.cfg.Pools) {
		p.addPool(name, l.cfg.Pools[name])
	}
	for _, c := range l.cfg.Caches {
		p.caches = once(p.caches, c)
	}
	for _, s := range l.cfg.Stores {
		p.stores = once(p.stores, s)
	}
	for _, u := range l.cfg.Upstreams {
		p.upstreams = once(p.upstreams, u)
	}
	for _, r := range l.cfg.Policies {
		p.policies = once(p.policies, r)
	}
	for _, t := range l.cfg.Topics {
		p.topics = once(p.topics, t)
	}
	for _, k := range l.cfg.Keys {
		p.keys = once(p.keys, k)
	}
	for _, r := range l.cfg.Roles {
		p.roles = once(p.roles, r)
	}
	for _, s := range l.cfg.Schedules {
		p.schedules = once(p.schedules, s)
	}
	for name, value := range l.app.Provided() {
		if !mistake.Absent(value) && reflect.TypeOf(value).Comparable() {
			p.take(name, value)
		}
	}
}

// take adds a value if it is a part. What embeds one has its methods, and is none itself.
func (p *parts) take(name string, value any) {
	switch v := value.(type) {
	case *db.Pool:
		p.addPool(name, v)
	case *client.Upstream:
		p.upstreams = once(p.upstreams, v)
	case *resilience.Registry:
		p.policies = once(p.policies, v)
	case *idempotency.Keys:
		p.keys = once(p.keys, v)
	case resilience.Part:
		if !made.Promoted[resilience.Part](v) {
			p.alone.Add(v)
		}
	case cache.Reporter:
		p.caches = ownOnce(p.caches, v)
	case cache.StoreReporter:
		p.stores = ownOnce(p.stores, v)
	case broadcast.Reporter:
		p.topics = ownOnce(p.topics, v)
	case observe.RoleReporter:
		p.roles = ownOnce(p.roles, v)
	case observe.JobReporter:
		p.schedules = ownOnce(p.schedules, v)
	}
}

// ownOnce adds a part that has its methods itself.
func ownOnce[P comparable](list []P, one P) []P {
	if made.Promoted[P](one) {
		return list
	}
	return once(list, one)
}

// registry knows the policies of all registries, and those that are in none: of upstreams, of Guards, and provided by
// themselves. A registry may have got more since it was asked.
func (p *parts) registry() *resilience.Registry {
	all := resilience.NewRegistry()
	for _, r := range p.policies {
		all.Add(r.Parts()...)
	}
	for _, u := range p.upstreams {
		if policy := u.Policy(); policy != nil {
			all.Add(policy)
		}
	}
	all.Add(p.alone.Parts()...)
	return all
}

func (p *parts) addPool(name string, pool *db.Pool) {
	if pool == nil || slices.ContainsFunc(p.pools, func(o namedPool) bool { return o.pool == pool }) {
		return
	}
	if name == "" {
		name = pool.Stats().Driver
	}
	wanted := name
	for n := 2; slices.ContainsFunc(p.pools, func(o namedPool) bool { return o.name == name }); n++ {
		name = fmt.Sprintf("%s %d", wanted, n)
	}
	p.pools = append(p.pools, namedPool{name, pool})
}

// once adds a part that is not there already.
func once[P comparable](list []P, one P) []P {
	var none P
	if one == none || slices.Contains(list, one) {
		return list
	}
	return append(list, one)
}

// partNumbers are the numbers of all parts.
type partNumbers struct {
	Pools     []poolNumbers              `json:"pools"`
	Caches    []cache.Stats              `json:"caches"`
	Stores    []storeNumbers             `json:"stores"`
	Upstreams []client.UpstreamStats     `json:"upstreams"`
	Policies  []resilience.PolicyStats   `json:"policies"`
	Breakers  []breakerNumbers           `json:"breakers"`
	Bulkheads []resilience.BulkheadStats `json:"bulkheads"`
	Budgets   []resilience.BudgetStats   `json:"budgets"`
	Limiters  []resilience.LimiterStats  `json:"limiters"`
	Topics    []broadcast.Stats          `json:"topics"`
	Keys      []idempotency.Stats        `json:"keys"`
	Roles     []observe.RoleStats        `json:"roles"`
	Jobs      []observe.JobStats         `json:"jobs"`
}

type poolNumbers struct {
	Name string `json:"name"`
	db.Stats
}

// breakerNumbers are a resilience.BreakerStats whose State has a name: "closed", "open", "half-open" or "isolated".
type breakerNumbers struct {
	Name                                 string
	State                                string
	Critical                             bool
	Successes, Failures, Refused, Opened int64
}

func numbersOf(b *resilience.BreakerStats) breakerNumbers {
	return breakerNumbers{b.Name, b.State.String(), b.Critical, b.Successes, b.Failures, b.Refused, b.Opened}
}

// storeNumbers are a cache.StoreStats whose breaker has a state with a name.
type storeNumbers struct {
	cache.StoreStats
	Breaker breakerNumbers
}

// numbers asks all parts. It waits for none of them.
func (p *parts) numbers() partNumbers {
	n := partNumbers{
		Pools: []poolNumbers{}, Caches: []cache.Stats{}, Stores: []storeNumbers{}, Upstreams: []client.UpstreamStats{}, Policies: []resilience.PolicyStats{}, Breakers: []breakerNumbers{},
		Bulkheads: []resilience.BulkheadStats{}, Budgets: []resilience.BudgetStats{}, Limiters: []resilience.LimiterStats{},
		Topics: []broadcast.Stats{}, Keys: []idempotency.Stats{}, Roles: []observe.RoleStats{}, Jobs: []observe.JobStats{},
	}
	for _, one := range p.pools {
		n.Pools = append(n.Pools, poolNumbers{one.name, one.pool.Stats()})
	}
	for _, c := range p.caches {
		n.Caches = append(n.Caches, c.Stats())
	}
	for _, one := range p.stores {
		s := one.Stats()
		n.Stores = append(n.Stores, storeNumbers{s, numbersOf(&s.Breaker)})
	}
	for _, u := range p.upstreams {
		n.Upstreams = append(n.Upstreams, u.Stats())
	}
	for _, t := range p.topics {
		n.Topics = append(n.Topics, t.Stats())
	}
	for _, k := range p.keys {
		n.Keys = append(n.Keys, k.Stats())
	}
	for _, r := range p.roles {
		s := r.Stats()
		s.Error = brief(withoutPasswords(s.Error))
		n.Roles = append(n.Roles, s)
	}
	for _, s := range p.schedules {
		for _, j := range s.Stats() {
			j.Error = brief(withoutPasswords(j.Error))
			n.Jobs = append(n.Jobs, j)
		}
	}
	s := p.registry().Stats()
	n.Policies = append(n.Policies, s.Policies...)
	for i := range s.Breakers {
		n.Breakers = append(n.Breakers, numbersOf(&s.Breakers[i]))
	}
	n.Bulkheads = append(n.Bulkheads, s.Bulkheads...)
	n.Budgets = append(n.Budgets, s.Budgets...)
	n.Limiters = append(n.Limiters, s.Limiters...)
	return n
}

func (l *Listener) partsPage(w http.ResponseWriter, _ *http.Request) { write(w, l.parts.numbers()) }

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, strings.Compare)
	return keys
}
