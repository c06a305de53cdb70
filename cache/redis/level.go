package redis

import (
	"cmp"
	"context"
	"encoding/json/v2"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/cache"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/secret"
)

const (
	defaultLease = 10 * time.Second
	// pollEvery is how often a process that waits for the load of another looks, besides when it is told.
	pollEvery = 50 * time.Millisecond
)

// LevelConfig configures Level. The zero value is ready for keys that are strings or integers.
//
// Owner: any (a plain value).
type LevelConfig[K comparable, V any] struct {
	// OneLoad lets one process of the fleet load a key at a time, for Lease at most; the others wait for it.
	OneLoad bool
	// Lease is for how long what is loaded may take to be stored. Default 10 s.
	Lease time.Duration
	// Version is that of the values: entries of another version, or another type, are misses. Change it with
	// the meaning of V.
	Version string
	// Encode and Decode are the form of values in Redis. Default: JSON.
	Encode func(V) ([]byte, error)
	Decode func([]byte) (V, error)
	// Key and ParseKey are how keys are written. Default for strings and integers: as they are.
	Key      func(K) string
	ParseKey func(string) (K, error)
}

// Level is a second level in a store, for one cache: [cache.Config].Second.
func Level[K comparable, V any](s *Store, cfg LevelConfig[K, V]) cache.Second[K, V] {
	l := &level[K, V]{store: s, cfg: cfg, waiting: map[string][]chan struct{}{}}
	l.cfg.Lease = cmp.Or(cfg.Lease, defaultLease)
	l.wrong.Unless(l.cfg.Lease >= time.Millisecond, fmt.Sprintf("LevelConfig.Lease must be at least 1 ms, it is %v", cfg.Lease))
	if cfg.Key == nil && cfg.ParseKey == nil {
		write, read, ok := keyFuncs[K]()
		l.wrong.Unless(ok, errNoKeys[K]())
		l.cfg.Key, l.cfg.ParseKey = write, read
	} else {
		l.wrong.Unless(cfg.Key != nil && cfg.ParseKey != nil, "LevelConfig has one of Key and ParseKey, and needs both")
	}
	if cfg.Encode == nil && cfg.Decode == nil {
		l.cfg.Encode = func(v V) ([]byte, error) { return json.Marshal(v, json.WithMarshalers(secret.Refusing())) }
		l.cfg.Decode = func(b []byte) (v V, err error) { return v, json.Unmarshal(b, &v) }
	} else {
		l.wrong.Unless(cfg.Encode != nil && cfg.Decode != nil, "LevelConfig has one of Encode and Decode, and needs both")
	}
	l.kind = "\n" + reflect.TypeFor[V]().String() + "\n" + cfg.Version
	return l
}

// level is the second level of one cache.
//
// Owner: any (immutable after Connect); waiting: mu.
type level[K comparable, V any] struct {
	store *Store
	cfg   LevelConfig[K, V]
	wrong mistake.List
	name  string // of the cache
	kind  string // what is behind the name of the key in an entry
	sink  cache.Sink[K]

	mu      sync.Mutex
	waiting map[string][]chan struct{} // by key, as written
}

// Connect implements [cache.Second].
func (l *level[K, V]) Connect(name string, to cache.Sink[K]) error {
	s := l.store
	l.wrong.Unless(!strings.ContainsAny(name, ":{}"), fmt.Sprintf("the cache %q is kept in Redis, so its name must not contain colons or braces", name))
	l.name, l.sink = name, to
	s.mu.Lock()
	_, taken := s.levels[name]
	if !taken {
		s.levels[name] = sink{key: l.changed, tag: to.InvalidateTag, clear: to.Clear}
	}
	s.mu.Unlock()
	l.wrong.Unless(!taken, fmt.Sprintf("two caches with the name %q share a Store: they would share their entries", name))
	l.wrong.Add(s.wrong)
	return l.wrong.Err()
}

// changed is told that another process has changed a key.
func (l *level[K, V]) changed(text string) {
	if key, err := l.cfg.ParseKey(text); err == nil {
		l.sink.Invalidate(key)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, wake := range l.waiting[text] {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
}

// Load implements [cache.Second].
func (l *level[K, V]) Load(
	ctx context.Context, key K, older time.Duration, load func(context.Context) async.Future[cache.Loaded[V]],
) async.Future[cache.Loaded[V]] {
	if l.store.behind.Load() {
		return l.bypass(ctx, load)
	}
	text := l.cfg.Key(key)
	r := &request[K, V]{level: l, text: text, entry: l.store.entryName(l.name, text), lease: l.store.leaseName(l.name, text), older: older, site: async.SiteOf(ctx)}
	return async.Go(ctx, r.ask).ThenFuture(func(answer answer[V]) async.Future[cache.Loaded[V]] {
		switch {
		case answer.found:
			return async.Ready(answer.loaded)
		case answer.token == "":
			return l.bypass(ctx, load)
		}
		return load(ctx).Then(func(v cache.Loaded[V]) cache.Loaded[V] {
			go r.keep(v, answer)
			return v
		}).Recover(func(err error) (cache.Loaded[V], error) {
			go r.leave(answer)
			return cache.Loaded[V]{}, err
		})
	})
}

// bypass loads without Redis. What is loaded lives for a short time, because changes may not be heard of.
func (l *level[K, V]) bypass(ctx context.Context, load func(context.Context) async.Future[cache.Loaded[V]]) async.Future[cache.Loaded[V]] {
	l.store.counts.bypassed.Add(1)
	return load(ctx).Then(func(v cache.Loaded[V]) cache.Loaded[V] {
		v.Life.TTL = min(v.Life.TTL, l.store.cfg.UnheardTTL)
		return v
	})
}

// Store implements [cache.Second].
func (l *level[K, V]) Store(ctx context.Context, key K, v cache.Loaded[V]) async.Future[struct{}] {
	text := l.cfg.Key(key)
	r := &request[K, V]{level: l, text: text, entry: l.store.entryName(l.name, text), lease: l.store.leaseName(l.name, text), site: async.SiteOf(ctx)}
	return l.tell(ctx, r.entry, r.lease, func(ctx context.Context) error { return r.put(ctx, v) })
}

// Invalidate implements [cache.Second].
func (l *level[K, V]) Invalidate(ctx context.Context, key K) async.Future[struct{}] {
	text := l.cfg.Key(key)
	entry, lease := l.store.entryName(l.name, text), l.store.leaseName(l.name, text)
	return l.tell(ctx, entry, lease, func(ctx context.Context) error { return l.store.drop(ctx, entry, lease) })
}

// InvalidateTag implements [cache.Second].
func (l *level[K, V]) InvalidateTag(ctx context.Context, tag string) async.Future[struct{}] {
	name := l.store.tagName(l.name, tag)
	return l.tell(ctx, name, "", func(ctx context.Context) error { return l.store.renewTag(ctx, name) })
}

// tell tells Redis of a change, now or, when that fails, later. It goes on when the caller leaves.
func (l *level[K, V]) tell(ctx context.Context, name, lease string, tell func(context.Context) error) async.Future[struct{}] {
	site := async.SiteOf(ctx)
	return async.Go(ctx, func(ctx context.Context) (struct{}, error) {
		told := false
		defer func() {
			if !told {
				l.store.noteUndelivered(site, name, lease, errNotTold)
			}
		}()
		err := tell(context.WithoutCancel(ctx))
		told = true
		if err != nil {
			l.store.noteUndelivered(site, name, lease, err)
			return struct{}{}, fmt.Errorf("redis: other processes are not told of a change yet: %w", err)
		}
		return struct{}{}, nil
	})
}

// invalid notes that the entry is not what was stored.
func (r *request[K, V]) invalid(err error) {
	r.store.counts.invalid.Add(1)
	r.store.log(r.site).Warn("cache: an entry in redis is not what was stored",
		slog.String("key", r.entry), slog.String("error", err.Error()))
}
