package redis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/client/redisclient"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/internal/safelog"
	"github.com/fasterapi/fasterapi/resilience"
)

const (
	defaultName       = "redis"
	defaultPrefix     = "cache:"
	defaultTimeout    = 250 * time.Millisecond
	defaultUnheardTTL = time.Second
	defaultRetry      = 5 * time.Second
	longest           = time.Minute
)

// Config configures Open. URL or Client must be set.
//
// Owner: any (immutable after Open).
type Config struct {
	// URL is where Redis is, such as "redis://user:password@host:6379/0", "rediss://…" or "unix:///path".
	URL string
	// Client is for what a URL cannot say: clusters, sentinels, dialing. Tracking is set by Open.
	Client rueidis.ClientOption
	// Name is that of the store in metrics. Default "redis".
	Name string
	// Prefix begins all keys. Default "cache:".
	Prefix string
	// Timeout bounds one call. Default 250 ms, at most 1 minute.
	Timeout time.Duration
	// UnheardTTL is how long entries live in a process that does not hear of changes at the moment. Default 1 s.
	UnheardTTL time.Duration
	// Breaker stops calls to a Redis that fails. Default: after 5 failures in a row, for 5 s.
	Breaker *resilience.Breaker
	// Logger takes what fails. Default: that of the app whose request has used a cache, else slog.Default().
	Logger *slog.Logger
}

// Store is a Redis or Valkey that caches share. Any goroutine may use it.
//
// Owner: mu; cfg, wrong: immutable; the rest: any (atomic).
type Store struct {
	cfg     Config
	wrong   mistake.List
	scripts *scripts

	mu     sync.Mutex
	client rueidis.Client // nil: not connected yet
	closed bool
	levels map[string]sink
	// undelivered are the keys whose change Redis could not be told; all: there are too many to name.
	undelivered map[string]string
	all         bool

	listening  atomic.Bool  // changes are heard of
	behind     atomic.Bool  // something is undelivered
	bad        atomic.Int64 // calls in a row that the connection has failed
	delivering atomic.Bool  // somebody delivers it
	counts     counts
}

// sink is what a level does with changes.
//
// Owner: any (immutable after Open).
type sink struct {
	key   func(text string)
	tag   func(tag string)
	clear func()
}

// Open returns a store. It connects when it is first used, and again whenever the connection is lost. Settings that are wrong are a
// [Store.Mistake].
func Open(cfg Config) *Store {
	s := &Store{scripts: newScripts(), levels: map[string]sink{}, undelivered: map[string]string{}}
	cfg.Name = cmp.Or(cfg.Name, defaultName)
	cfg.Prefix = cmp.Or(cfg.Prefix, defaultPrefix)
	cfg.Timeout = cmp.Or(cfg.Timeout, defaultTimeout)
	cfg.UnheardTTL = cmp.Or(cfg.UnheardTTL, defaultUnheardTTL)
	s.wrong.Unless(cfg.Timeout > 0 && cfg.Timeout <= longest, fmt.Sprintf("Config.Timeout must be above zero and at most %v, it is %v", longest, cfg.Timeout))
	s.wrong.Unless(cfg.UnheardTTL > 0, fmt.Sprintf("Config.UnheardTTL must be positive, it is %v", cfg.UnheardTTL))
	s.wrong.Unless(!strings.ContainsAny(cfg.Prefix, "{}"), "Config.Prefix must not contain braces")
	if cfg.URL != "" {
		option, err := rueidis.ParseURL(cfg.URL)
		s.wrong.Unless(err == nil, "Config.URL is not one of Redis: redis://host:6379") // the error would show the password
		s.wrong.Unless(len(cfg.Client.InitAddress) == 0, "Config has both URL and Client.InitAddress")
		cfg.Client = option
	}
	s.wrong.Unless(len(cfg.Client.InitAddress) > 0 || len(s.wrong) > 0, "Config.URL must say where Redis is")
	if cfg.Breaker == nil {
		cfg.Breaker = resilience.NewBreaker("cache in redis", resilience.BreakerConfig{OpenFor: defaultRetry, If: failed})
	}
	if cfg.Logger != nil {
		cfg.Logger = safelog.Of(cfg.Logger)
	}
	cfg.Client.ClientTrackingOptions = []string{"PREFIX", cfg.Prefix, "BCAST", "NOLOOP"}
	cfg.Client.OnInvalidations = s.heard
	cfg.Client.PipelineMultiplex = -1 // NOLOOP is about one connection
	cfg.Client.DisableRetry = true
	if cfg.Client.ConnWriteTimeout == 0 {
		cfg.Client.ConnWriteTimeout = max(cfg.Timeout, time.Second)
	}
	s.cfg = cfg
	return s
}

// failed tells which errors of a call are failures of Redis: all but that there is no such key.
func failed(err error) bool { return !rueidis.IsRedisNil(err) }

// Mistake returns every setting that is wrong, nil when none is.
func (s *Store) Mistake() error { return s.wrong.Err() }

// Breaker returns the breaker of the store, for readiness and Stats.
func (s *Store) Breaker() *resilience.Breaker { return s.cfg.Breaker }

// errClosed is what calls of a closed store fail with; caches then load as if Redis were down.
var errClosed = errors.New("redis: the store is closed")

// Close ends the connections. Caches that use the store go on without it.
func (s *Store) Close() error {
	s.mu.Lock()
	client := s.client
	s.client, s.closed = nil, true
	s.mu.Unlock()
	s.listening.Store(false)
	if client != nil {
		client.Close()
	}
	return nil
}

// connected returns the client, and makes it when there is none yet. It blocks.
func (s *Store) connected() (rueidis.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(s.wrong) > 0:
		return nil, s.wrong.Err()
	case s.closed:
		return nil, errClosed
	case s.client != nil:
		return s.client, nil
	}
	option := s.cfg.Client
	option.Dialer.Timeout = s.cfg.Timeout
	client, err := redisclient.New(option)
	if err == nil {
		s.client = client
	}
	return client, err
}

// call calls Redis, unless the breaker is open. It blocks, for Config.Timeout at most, and a panic of the client is an error.
func (s *Store) call[T any](ctx context.Context, fn func(context.Context, rueidis.Client) (T, error)) (T, error) {
	v, err := s.cfg.Breaker.Do(ctx, func(ctx context.Context) (v T, err error) {
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("redis: %v", r)
			}
		}()
		client, err := s.connected()
		if err != nil {
			return v, err
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.Timeout)
		defer cancel()
		v, err = fn(ctx, client)
		s.judge(client, err)
		return v, err
	})
	if err != nil {
		s.counts.failures.Add(1)
		return v, err
	}
	s.counts.calls.Add(1)
	if !s.listening.Load() && s.listening.CompareAndSwap(false, true) {
		s.clear() // what was kept while nothing was heard
	}
	return v, nil
}

// mostBad is how many calls in a row may fail on a connection before there is a new one.
const mostBad = 3

// judge gives a connection up that has answered several calls in a row with nothing, or nonsense: what comes next on it
// may be the answer to another question.
func (s *Store) judge(client rueidis.Client, err error) {
	if _, answered := rueidis.IsRedisErr(err); err == nil || answered {
		s.bad.Store(0)
		return
	}
	if s.bad.Add(1) < mostBad && !errors.Is(err, errAnswer) {
		return
	}
	s.mu.Lock()
	same := s.client == client
	if same {
		s.client = nil
	}
	s.mu.Unlock()
	if same {
		s.bad.Store(0)
		go client.Close()
		s.heard(nil)
	}
}

// heard is told by the client which keys have changed; nil: that a connection is lost, or all keys were removed.
func (s *Store) heard(keys []rueidis.RedisMessage) {
	if keys == nil {
		s.listening.Store(false)
		s.clear()
		return
	}
	for i := range keys {
		name, err := keys[i].ToString()
		if err != nil {
			continue
		}
		s.counts.changes.Add(1)
		kind, cache, rest := s.parse(name)
		s.mu.Lock()
		to, ok := s.levels[cache]
		s.mu.Unlock()
		switch {
		case !ok:
		case kind == 'v':
			to.key(rest)
		case kind == 't':
			to.tag(rest)
		}
	}
}

// clear ends all entries of this process.
func (s *Store) clear() {
	s.counts.cleared.Add(1)
	s.mu.Lock()
	all := make([]func(), 0, len(s.levels))
	for _, to := range s.levels {
		all = append(all, to.clear)
	}
	s.mu.Unlock()
	for _, end := range all {
		end()
	}
}

// Ping tells whether Redis answers: for health checks. A cache works without.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.call(ctx, func(ctx context.Context, client rueidis.Client) (string, error) {
		return client.Do(ctx, client.B().Ping().Build()).ToString()
	})
	return err
}

// log is where what happens for a caller at site is logged.
func (s *Store) log(site async.Site) *slog.Logger {
	if s.cfg.Logger != nil {
		return s.cfg.Logger
	}
	return site.Logger()
}
