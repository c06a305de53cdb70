package resilience

import (
	"cmp"
	"context"
	"hash/maphash"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/mistake"
)

const (
	// localShards spreads keys over locks, so that cores seldom meet.
	localShards = 64
	// defaultKeys bounds the memory: a key takes about 100 bytes.
	defaultKeys = 100_000
	// examined is how many buckets are looked at, for full ones to drop, when a
	// new one comes.
	examined = 4
)

// LocalConfig configures [NewLocal]. The zero value is ready.
//
// Owner: any (a plain value).
type LocalConfig struct {
	// PerCore gives every reactor buckets of its own: cores never meet, but a
	// client with connections to n reactors gets n times the limit. Without it the
	// limit holds for the process.
	PerCore bool
	// Keys is how many buckets there may be; beyond, those that are nearly full
	// make room. Default 100,000.
	Keys int
	// Now is the clock. Default: that of the context of each call, see [async.Now].
	Now func() time.Time
}

// Local keeps token buckets in memory. Any goroutine may use it.
//
// Owner: mu of each shard.
type Local struct {
	cfg    LocalConfig
	seed   maphash.Seed
	shards [localShards]shard
	wrong  mistake.List
}

// shard holds some of the buckets.
//
// Owner: mu.
type shard struct {
	mu sync.Mutex
	// full is when each bucket will be full again: all that a token bucket has to
	// remember (the generic cell rate algorithm).
	full map[string]time.Time
}

// NewLocal returns a limiter for one process.
func NewLocal(cfg LocalConfig) *Local {
	cfg.Keys = cmp.Or(cfg.Keys, defaultKeys)
	var wrong mistake.List
	wrong.Unless(cfg.Keys > 0, "LocalConfig.Keys must be positive")
	l := &Local{cfg: cfg, seed: maphash.MakeSeed(), wrong: wrong}
	for i := range l.shards {
		l.shards[i].full = map[string]time.Time{}
	}
	return l
}

// Mistake says what is wrong with the configuration, nil when nothing is. Whatever uses l
// reports it when the app starts.
func (l *Local) Mistake() error { return l.wrong.Err() }

// core is a scheduler that is one of several, as a reactor.
type core interface {
	Core() int
	Cores() int
}

// Take implements [Buckets]. The future is always ready.
func (l *Local) Take(ctx context.Context, key string, limit Limit) async.Future[Decision] {
	i, keys := maphash.String(l.seed, key)%localShards, 1+l.cfg.Keys/localShards
	if l.cfg.PerCore {
		if r, ok := async.SiteOf(ctx).Scheduler.(core); ok {
			i = uint64(r.Core()) % localShards
			keys = max(1, l.cfg.Keys/min(r.Cores(), localShards)) // only that many shards are in use
		}
	}
	return async.Ready(l.shards[i].take(key, limit, l.now(ctx), keys))
}

func (l *Local) now(ctx context.Context) time.Time {
	if l.cfg.Now != nil {
		return l.cfg.Now()
	}
	return async.Now(ctx)
}

func (s *shard) take(key string, limit Limit, now time.Time, keys int) Decision {
	s.mu.Lock()
	defer s.mu.Unlock()
	full, known := s.full[key]
	d, left := decide(full.Sub(now), limit)
	if !known {
		s.makeRoom(now, keys)
	}
	s.full[key] = now.Add(left)
	return d
}

// decide takes a token out of a bucket that is full after the given time, and returns
// after which time it is full then. A bucket that would take longer to fill than an empty
// one is of a clock that was set back: it is empty.
func decide(full time.Duration, limit Limit) (Decision, time.Duration) {
	limit.Burst = cmp.Or(limit.Burst, limit.Requests)
	interval := limit.Interval()
	capacity := interval * time.Duration(limit.Burst)
	full = min(max(full, 0), capacity)
	after := full + interval
	if missing := after - capacity; missing > 0 {
		return Decision{Retry: missing, Reset: full}, full
	}
	return Decision{OK: true, Remaining: int((capacity - after) / interval), Reset: after}, after
}

// makeRoom drops some buckets that are full, which is the same as not having
// them, and when there are too many also the fullest of some.
func (s *shard) makeRoom(now time.Time, keys int) {
	n, fullest, soonest := 0, "", time.Time{}
	for key, full := range s.full { // begins anywhere
		if !full.After(now) {
			delete(s.full, key)
		} else if fullest == "" || full.Before(soonest) {
			fullest, soonest = key, full
		}
		if n++; n == examined {
			break
		}
	}
	if len(s.full) >= keys {
		delete(s.full, fullest)
	}
}

// Len is the number of buckets that are kept.
func (l *Local) Len() int {
	n := 0
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		n += len(s.full)
		s.mu.Unlock()
	}
	return n
}
