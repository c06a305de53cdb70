package cache

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/internal/safelog"
)

// Forever is the TTL of entries that do not expire.
const Forever = time.Duration(math.MaxInt64)

// The defaults of Config, and its limits.
const (
	defaultSize        = 10_000
	defaultTTL         = 5 * time.Minute
	defaultNegativeTTL = 5 * time.Second
	defaultLoadTimeout = 30 * time.Second
	defaultLoads       = 1024
	mostEntries        = 1 << 30
	mostLoads          = 1 << 20
	mostWeight         = 1 << 50
)

// Config configures a Cache. The zero value is ready: 10,000 entries, 5 minutes.
//
// Owner: any (a plain value).
type Config[K comparable, V any] struct {
	// Size is the most entries. Default 10,000; with MaxWeight: no bound.
	Size int
	// MaxWeight bounds the sum of the weights of all entries, in whatever Weight counts, such as bytes.
	// Default: no bound.
	MaxWeight int64
	// Weight is the weight of an entry, at least 0. One that is heavier than MaxWeight is not kept. It must not use
	// the cache.
	Weight func(K, V) int

	// TTL is how long an entry is fresh. Default 5 minutes; see Forever.
	TTL time.Duration
	// Jitter is the part of TTL that is left to chance, 0 to 1, so that entries stored together are not loaded
	// together: with 0.1, a TTL of 5 minutes lasts 4.5 to 5. Default: none.
	Jitter float64
	// EarlyRefresh is the last part of the time an entry is fresh, 0 to 1 exclusive, in which a hit begins a load in the
	// background. Default: none.
	EarlyRefresh float64
	// StaleWhileRevalidate is how long after that callers get the old value at once, while it is loaded in the background.
	// Default: not at all.
	StaleWhileRevalidate time.Duration
	// StaleIfError is how long after it was fresh the old value is better than an error. Default: not at all.
	StaleIfError time.Duration
	// SoftTimeout is how long a caller waits for a load when there is an old value, within StaleIfError. Default: as long as
	// it takes.
	SoftTimeout time.Duration
	// NegativeTTL is how long an error that says that there is nothing is kept. Default 5 s; below 0: it is not kept.
	NegativeTTL time.Duration
	// Negative tells which errors say so. Default: those with the method HTTPStatus() int, of status 404 or 410.
	Negative func(error) bool
	// Life sets the times of one value, given those of this Config. Default: these. A TTL of 0 or below: the value is not kept.
	Life func(key K, value V, general Life) Life
	// Tags are the tags of a value, for InvalidateTag. Default: none.
	Tags func(K, V) []string

	// Load makes the value of a key: for Cache.Load and Cache.LoadFuture.
	Load func(context.Context, K) (V, error)
	// LoadFuture is Load for futures, and used instead of it where both are set.
	LoadFuture func(context.Context, K) async.Future[V]
	// LoadTimeout is how long a load may take. Default 30 s; at most 24 h.
	LoadTimeout time.Duration
	// Loads is how many loads may be under way, those that were given up and have not returned included; beyond,
	// callers get ErrBusy, or the old value. Default 1024.
	Loads int

	// PerCore is how many entries each reactor keeps in a map of its own, which it reads without a lock. Default: none.
	PerCore int
	// Second is a level behind this cache that other processes share, such as that of package cache/redis.
	Second Second[K, V]
	// Clock is the clock, for tests: a reactor.ManualClock also moves the timeouts of callers that have no reactor.
	// Default: that of the caller's reactor, else the machine's.
	Clock Clock
	// Logger takes what fails in the background. Default: that of the app whose request has asked, else
	// slog.Default().
	Logger *slog.Logger
}

// Life is for how long one value is good. The times but TTL count from the end of TTL.
//
// Owner: any (a plain value).
type Life struct {
	TTL, StaleWhileRevalidate, StaleIfError time.Duration
}

// resolve fills in the defaults and notes every mistake.
func (c *Config[K, V]) resolve(name string) error {
	var wrong mistake.List
	unless := func(ok bool, format string, args ...any) {
		if !ok {
			wrong.Unless(false, fmt.Sprintf("cache %q: ", name)+fmt.Sprintf(format, args...))
		}
	}
	unless(name != "" && strings.TrimSpace(name) == name, "needs a name, without spaces around it: that is what operators see")
	c.bounds(unless)
	c.times(unless)
	c.Loads = cmp.Or(c.Loads, defaultLoads)
	unless(c.Loads > 0 && c.Loads <= mostLoads, "Config.Loads must be 1 to %d, it is %d", mostLoads, c.Loads)
	unless(c.PerCore >= 0 && c.PerCore <= mostEntries, "Config.PerCore must be 0 to %d, it is %d", mostEntries, c.PerCore)
	if c.Negative == nil {
		c.Negative = absent
	}
	if c.Logger != nil {
		c.Logger = safelog.Of(c.Logger)
	}
	return wrong.Err()
}

// unlessFunc notes a mistake unless ok holds.
type unlessFunc func(ok bool, format string, args ...any)

func (c *Config[K, V]) bounds(unless unlessFunc) {
	if c.MaxWeight == 0 {
		c.Size = cmp.Or(c.Size, defaultSize)
		unless(c.Weight == nil, "Config.Weight needs MaxWeight")
		unless(c.Size > 0 && c.Size <= mostEntries, "Config.Size must be 1 to %d, it is %d", mostEntries, c.Size)
		return
	}
	unless(c.Size == 0, "Config has both Size and MaxWeight: one of them bounds a cache")
	unless(c.MaxWeight > 0 && c.MaxWeight <= mostWeight, "Config.MaxWeight must be 1 to %d, it is %d", int64(mostWeight), c.MaxWeight)
	unless(c.Weight != nil, "Config.MaxWeight needs Weight")
}

func (c *Config[K, V]) times(unless unlessFunc) {
	c.TTL = cmp.Or(c.TTL, defaultTTL)
	c.NegativeTTL = cmp.Or(c.NegativeTTL, defaultNegativeTTL)
	c.LoadTimeout = cmp.Or(c.LoadTimeout, defaultLoadTimeout)
	unless(c.TTL > 0, "Config.TTL must be positive, it is %v", c.TTL)
	unless(share(c.Jitter) && c.Jitter < 1, "Config.Jitter must be 0 to 1, without 1, it is %v", c.Jitter)
	unless(share(c.EarlyRefresh) && c.EarlyRefresh < 1, "Config.EarlyRefresh must be 0 to 1, without 1, it is %v", c.EarlyRefresh)
	unless(c.StaleWhileRevalidate >= 0, "Config.StaleWhileRevalidate must not be negative, it is %v", c.StaleWhileRevalidate)
	unless(c.StaleIfError >= 0, "Config.StaleIfError must not be negative, it is %v", c.StaleIfError)
	wrong := mistake.Duration("Config.LoadTimeout", c.LoadTimeout, mistake.LongestWait, false)
	unless(wrong == "", "%s", wrong)
	unless(c.SoftTimeout >= 0, "Config.SoftTimeout must not be negative, it is %v", c.SoftTimeout)
	unless(c.SoftTimeout == 0 || c.StaleIfError > 0 || c.Life != nil, "Config.SoftTimeout needs StaleIfError: how old a value may be then")
	unless(c.SoftTimeout == 0 || c.SoftTimeout < c.LoadTimeout,
		"Config.SoftTimeout (%v) must be shorter than LoadTimeout (%v)", c.SoftTimeout, c.LoadTimeout)
}

// share tells whether x is a part of one.
func share(x float64) bool { return x >= 0 && x <= 1 }

// loadTimeoutError is the type of ErrLoadTimeout.
//
// Owner: any (immutable once made).
type loadTimeoutError struct{}

func (loadTimeoutError) Error() string   { return "cache: the load took too long" }
func (loadTimeoutError) HTTPStatus() int { return 504 }
func (loadTimeoutError) Timeout() bool   { return true }
func (loadTimeoutError) Unwrap() error   { return context.DeadlineExceeded }

// left tells whether err is that of a caller who does not wait any more.
func left(err error) bool { return errors.Is(err, context.Canceled) }
