package cache_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/maypok86/otter/v2"
	"pgregory.net/rapid"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/problem"
	"github.com/fasterapi/fasterapi/reactor"
)

// The world of TestNeverOlder: a truth that changes, a level that two processes share, and two caches on one virtual
// clock. Loads, the answers of the level and the news of invalidations are all under way for a while, in an
// order that rapid decides.

// version is what the truth was at some time.
type version struct {
	key string
	n   int
}

// process is one cache with its connection to the level.
type process struct {
	*cache.Cache[string, version]
	sink    cache.Sink[string]
	world   *world
	news    []news // invalidations on their way to this process
	cut     bool   // its connection is lost: no news arrive
	heard   map[string]int
	reading []func() // answers of the level on their way
}

// news is an invalidation of a key, or, without one, of all that have the tag.
type news struct{ key string }

// world is all there is.
type world struct {
	truth   map[string]int
	level   map[string]version // what the shared level has
	leases  map[string]int     // who may store a key: the last who has missed it
	lease   int
	loading []func() // loads that have read the truth, and have not answered
	parts   []*process
}

func (p *process) Connect(_ string, sink cache.Sink[string]) error { p.sink = sink; return nil }

// Load implements [cache.Second]: the level is asked when the answer is on its way, and may take any time to arrive.
func (p *process) Load(ctx context.Context, key string, _ time.Duration, load func(context.Context) async.Future[cache.Loaded[version]]) async.Future[cache.Loaded[version]] {
	if p.cut {
		return load(ctx)
	}
	promise, f := async.NewPromise[cache.Loaded[version]](async.SiteOf(ctx).Scheduler)
	w := p.world
	if have, ok := w.level[key]; ok {
		p.reading = append(p.reading, func() {
			promise.Resolve(cache.Loaded[version]{Value: have, Life: cache.Life{TTL: time.Hour}, Tags: []string{tag}})
		})
		return f
	}
	w.lease++
	mine := w.lease
	w.leases[key] = mine
	return load(ctx).Then(func(l cache.Loaded[version]) cache.Loaded[version] {
		if w.leases[key] == mine {
			w.level[key] = l.Value
			delete(w.leases, key)
		}
		return l
	})
}

// tag is that of every value.
const tag = "all"

// Store implements [cache.Second].
func (p *process) Store(_ context.Context, key string, v cache.Loaded[version]) async.Future[struct{}] {
	p.world.level[key] = v.Value
	delete(p.world.leases, key)
	p.tell(news{key})
	return async.Ready(struct{}{})
}

// Invalidate implements [cache.Second].
func (p *process) Invalidate(_ context.Context, key string) async.Future[struct{}] {
	delete(p.world.level, key)
	delete(p.world.leases, key)
	p.tell(news{key})
	return async.Ready(struct{}{})
}

// InvalidateTag implements [cache.Second].
func (p *process) InvalidateTag(context.Context, string) async.Future[struct{}] {
	clear(p.world.level)
	clear(p.world.leases)
	p.tell(news{})
	return async.Ready(struct{}{})
}

// tell sends news to the other process.
func (p *process) tell(n news) {
	for _, other := range p.world.parts {
		if other != p {
			other.news = append(other.news, n)
		}
	}
}

// hears counts one more change of a key as known.
func (p *process) hears(key string) {
	p.heard[key] = max(p.heard[key], min(p.heard[key]+1, p.world.truth[key]))
}

// TestNeverOlder: an entry that is older than an invalidation which its process has made, or heard of, is never served to
// who asks afterwards; and a process that was cut off serves nothing from before once it knows.
func TestNeverOlder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := reactor.NewVirtual(rapid.Uint64().Draw(t, "seed"), nil)
		defer v.Close()
		ctx := async.WithSite(context.Background(), v.Reactor.Site())
		w := &world{truth: map[string]int{}, level: map[string]version{}, leases: map[string]int{}}
		load := func(ctx context.Context, key string) async.Future[version] {
			read := version{key, w.truth[key]} // the database answers, and the answer takes its time
			promise, f := async.NewPromise[version](async.SiteOf(ctx).Scheduler)
			w.loading = append(w.loading, func() { promise.Resolve(read) })
			return f
		}
		for range 2 {
			p := &process{world: w, heard: map[string]int{}}
			p.Cache = cache.New("p", cache.Config[string, version]{
				TTL: time.Minute, StaleWhileRevalidate: time.Minute, StaleIfError: time.Hour, LoadTimeout: time.Hour, PerCore: 2,
				SoftTimeout: time.Second, LoadFuture: load, Second: p,
				Tags: func(string, version) []string { return []string{tag} },
			})
			w.parts = append(w.parts, p)
		}
		keys := rapid.SampledFrom([]string{"a", "a", "a", "b"})
		part := func(t *rapid.T) *process { return w.parts[rapid.IntRange(0, 1).Draw(t, "process")] }
		arrive := func(t *rapid.T, what string, list *[]func()) {
			if len(*list) > 0 {
				i := rapid.IntRange(0, len(*list)-1).Draw(t, what)
				next := (*list)[i]
				*list = append((*list)[:i:i], (*list)[i+1:]...)
				v.Do(next)
			}
		}
		actions := map[string]func(*rapid.T){
			"ask": func(t *rapid.T) {
				p, key := part(t), keys.Draw(t, "key")
				least := p.heard[key]
				v.Do(func() {
					p.LoadFuture(ctx, key).OnDone(func(got version, err error) {
						if err == nil && (got.key != key || got.n < least) {
							t.Fatalf("asked for %s of at least %d, got %v", key, least, got)
						}
					})
				})
			},
			"change": func(t *rapid.T) {
				p, key := part(t), keys.Draw(t, "key")
				if p.cut {
					return // who cannot tell others does not count as having done so
				}
				w.truth[key]++
				v.Do(func() { p.Cache.Invalidate(ctx, key) })
				p.heard[key] = w.truth[key]
			},
			"change all": func(t *rapid.T) {
				p := part(t)
				if p.cut {
					return
				}
				for _, key := range []string{"a", "b"} {
					w.truth[key]++
					p.heard[key] = w.truth[key]
				}
				v.Do(func() { p.Cache.InvalidateTag(ctx, tag) })
			},
			"set": func(t *rapid.T) {
				p, key := part(t), keys.Draw(t, "key")
				if p.cut {
					return
				}
				w.truth[key]++
				v.Do(func() { p.Cache.Set(ctx, key, version{key, w.truth[key]}, 0) })
				p.heard[key] = w.truth[key]
			},
			"hear": func(t *rapid.T) {
				if p := part(t); !p.cut && len(p.news) > 0 {
					n := p.news[0]
					p.news = p.news[1:]
					if n.key != "" {
						v.Do(func() { p.sink.Invalidate(n.key) })
						p.hears(n.key)
						return
					}
					v.Do(func() { p.sink.InvalidateTag(tag) })
					p.hears("a")
					p.hears("b")
				}
			},
			"cut": func(t *rapid.T) { part(t).cut = rapid.IntRange(0, 3).Draw(t, "cut") == 0 },
			"reconnect": func(t *rapid.T) {
				if p := part(t); p.cut {
					p.cut, p.news = false, nil // lost
					v.Do(p.sink.Clear)
					for key, n := range w.truth {
						p.heard[key] = n
					}
				}
			},
			"load ends":     func(t *rapid.T) { arrive(t, "load", &w.loading) },
			"level answers": func(t *rapid.T) { arrive(t, "answer", &part(t).reading) },
			"time":          func(t *rapid.T) { v.Advance(time.Duration(rapid.IntRange(0, 100).Draw(t, "s")) * time.Second) },
		}
		t.Repeat(actions)
	})
}

// TestAgainstOtter: with a TTL only, on one clock, the cache has what otter has.
func TestAgainstOtter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clock := reactor.NewManualClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		ctx := context.Background()
		c := cache.New("ours", cache.Config[int, int]{TTL: time.Minute, Clock: clock})
		o := otter.Must(&otter.Options[int, int]{ExpiryCalculator: otter.ExpiryWriting[int, int](time.Minute), Clock: otterClock{clock}})
		defer o.StopAllGoroutines()
		loads := 0
		key := rapid.IntRange(0, 5)
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				k, v := key.Draw(t, "k"), rapid.Int().Draw(t, "v")
				c.Set(ctx, k, v, 0)
				o.Set(k, v)
			},
			"get": func(t *rapid.T) {
				k := key.Draw(t, "k")
				v, ok := c.Get(ctx, k)
				want, wanted := o.GetIfPresent(k)
				if v != want || ok != wanted {
					t.Fatalf("%d: %d %t, otter has %d %t", k, v, ok, want, wanted)
				}
			},
			"load": func(t *rapid.T) {
				k, fails := key.Draw(t, "k"), rapid.Bool().Draw(t, "fails")
				loads++
				load := func() (int, error) {
					if fails {
						return 0, errDown
					}
					return loads, nil
				}
				v, err := c.GetOrLoad(ctx, k, func(context.Context) (int, error) { return load() })
				want, wanted := o.Get(ctx, k, otter.LoaderFunc[int, int](func(context.Context, int) (int, error) { return load() }))
				if v != want || errors.Is(err, errDown) != errors.Is(wanted, errDown) {
					t.Fatalf("%d: %d %v, otter has %d %v", k, v, err, want, wanted)
				}
			},
			"invalidate": func(t *rapid.T) {
				k := key.Draw(t, "k")
				c.Invalidate(ctx, k)
				o.Invalidate(k)
			},
			"time": func(t *rapid.T) { clock.Advance(time.Duration(rapid.IntRange(0, 40).Draw(t, "s")) * time.Second) },
		})
	})
}

// otterClock is a manual clock as otter wants it.
type otterClock struct{ *reactor.ManualClock }

func (c otterClock) NowNano() int64                    { return c.Now().UnixNano() }
func (otterClock) Tick(time.Duration) <-chan time.Time { return nil }

// TestLifeModel: what is served, and when loads begin, against a model of one key with all the rules of time.
func TestLifeModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := reactor.NewVirtual(1, nil)
		defer v.Close()
		ctx := async.WithSite(context.Background(), v.Reactor.Site())
		seconds := func(name string, least, most int) time.Duration {
			return time.Duration(rapid.IntRange(least, most).Draw(t, name)) * time.Second
		}
		cfg := cache.Config[int, int]{
			TTL: seconds("ttl", 10, 60), StaleWhileRevalidate: seconds("swr", 0, 60), StaleIfError: seconds("sie", 0, 60),
			EarlyRefresh: float64(rapid.IntRange(0, 1).Draw(t, "early")) / 2, NegativeTTL: seconds("negative", 1, 20), PerCore: rapid.IntRange(0, 1).Draw(t, "core"),
		}
		loads, outcome := 0, error(nil)
		cfg.LoadFuture = func(context.Context, int) async.Future[int] { loads++; return async.Of(loads, outcome) }
		c := cache.New("life", cfg)
		var m model
		v.Do(func() { m.start = v.Now() })
		t.Repeat(map[string]func(*rapid.T){
			"time":  func(t *rapid.T) { v.Advance(time.Duration(rapid.IntRange(0, 50).Draw(t, "s")) * time.Second) },
			"works": func(*rapid.T) { outcome = nil },
			"fails": func(*rapid.T) { outcome = errDown },
			"gone":  func(*rapid.T) { outcome = problem.NotFound("") },
			"ask": func(t *rapid.T) {
				before := loads
				want, wantErr, load := m.ask(&cfg, v.Now(), loads+1, outcome)
				got, gotErr := 0, error(nil)
				v.Do(func() { c.LoadFuture(ctx, 1).OnDone(func(n int, err error) { got, gotErr = n, err }) })
				if got != want && wantErr == nil || fmt.Sprint(gotErr) != fmt.Sprint(wantErr) || (loads > before) != load {
					t.Fatalf("got %d %v after %d loads, want %d %v, a load %t", got, gotErr, loads-before, want, wantErr, load)
				}
			},
		})
	})
}

// model is one key.
type model struct {
	start                            time.Time
	has                              bool
	value                            int
	err                              error
	fresh, early, revalidate, onFail time.Time
	retry                            time.Time
}

// ask is what the cache answers, and whether it loads.
func (m *model) ask(cfg *cache.Config[int, int], now time.Time, next int, outcome error) (value int, err error, load bool) {
	old := *m
	switch {
	case m.has && now.Before(m.early):
		return m.value, m.err, false
	case m.has && (now.Before(m.fresh) || now.Before(m.revalidate)):
		if now.Before(m.retry) {
			return m.value, m.err, false
		}
		m.loaded(cfg, now, next, outcome)
		return old.value, old.err, true
	}
	m.loaded(cfg, now, next, outcome)
	if outcome == errDown && old.has && now.Before(old.onFail) {
		return old.value, nil, true
	}
	return next, outcome, true
}

func (m *model) loaded(cfg *cache.Config[int, int], now time.Time, n int, outcome error) {
	switch {
	case outcome == errDown:
		m.retry = now.Add(time.Second)
		return
	case outcome != nil:
		*m = model{start: m.start, has: true, err: outcome, fresh: now.Add(cfg.NegativeTTL)}
		m.early, m.revalidate, m.onFail = m.fresh, m.fresh, m.fresh
		return
	}
	*m = model{start: m.start, has: true, value: n, fresh: now.Add(cfg.TTL)}
	m.early = m.fresh.Add(-time.Duration(cfg.EarlyRefresh * float64(cfg.TTL)))
	m.revalidate, m.onFail = m.fresh.Add(cfg.StaleWhileRevalidate), m.fresh.Add(cfg.StaleIfError)
}
