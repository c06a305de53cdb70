package middleware

import (
	"cmp"
	"context"
	"hash/maphash"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/reactor"
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

// LocalConfig configures NewLocal. The zero value is ready.
type LocalConfig struct {
	// PerCore gives every reactor buckets of its own: cores never meet, but a
	// client with connections to n reactors gets n times the limit. Without it the
	// limit holds for the process.
	PerCore bool
	// Keys is how many buckets there may be; beyond, those that are nearly full
	// make room. Default 100,000.
	Keys int
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// Local keeps token buckets in memory. Any goroutine may use it.
//
// Owner: mu of each shard.
type Local struct {
	cfg    LocalConfig
	seed   maphash.Seed
	begin  time.Time
	shards [localShards]shard
	wrong  mistake.List // told by the RateLimit that uses it
}

// shard holds some of the buckets.
//
// Owner: mu.
type shard struct {
	mu sync.Mutex
	// full is when each bucket will be full again, in time since begin: all that a
	// token bucket has to remember (the generic cell rate algorithm).
	full map[string]time.Duration
}

// NewLocal returns a limiter for one process.
func NewLocal(cfg LocalConfig) *Local {
	cfg.Keys = cmp.Or(cfg.Keys, defaultKeys)
	var wrong mistake.List
	wrong.Unless(cfg.Keys > 0, "LocalConfig.Keys must be positive")
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	l := &Local{cfg: cfg, seed: maphash.MakeSeed(), begin: cfg.Now(), wrong: wrong}
	for i := range l.shards {
		l.shards[i].full = map[string]time.Duration{}
	}
	return l
}

// Take implements [Limiter]. The future is always ready.
func (l *Local) Take(ctx context.Context, key string, limit Limit) async.Future[Decision] {
	i, keys := maphash.String(l.seed, key)%localShards, 1+l.cfg.Keys/localShards
	if l.cfg.PerCore {
		if r := reactor.From(ctx); r != nil {
			i = uint64(r.Core()) % localShards
			keys = max(1, l.cfg.Keys/min(r.Cores(), localShards)) // only that many shards are in use
		}
	}
	return async.Ready(l.shards[i].take(key, limit, l.cfg.Now().Sub(l.begin), keys))
}

func (s *shard) take(key string, limit Limit, now time.Duration, keys int) Decision {
	s.mu.Lock()
	defer s.mu.Unlock()
	full, known := s.full[key]
	d, full := decide(max(full, now), now, limit)
	if !known {
		s.makeRoom(now, keys)
	}
	s.full[key] = full
	return d
}

// decide takes a token out of a bucket that is full at the given time, and
// returns when it is full afterwards.
func decide(full, now time.Duration, limit Limit) (Decision, time.Duration) {
	limit.Burst = cmp.Or(limit.Burst, limit.Requests)
	interval := limit.Interval()
	capacity := interval * time.Duration(limit.Burst)
	after := full + interval
	if missing := after - now - capacity; missing > 0 {
		return Decision{Retry: missing, Reset: full - now}, full
	}
	return Decision{OK: true, Remaining: int((capacity - (after - now)) / interval), Reset: after - now}, after
}

// makeRoom drops some buckets that are full, which is the same as not having
// them, and when there are too many also the fullest of some.
func (s *shard) makeRoom(now time.Duration, keys int) {
	n, fullest, soonest := 0, "", time.Duration(0)
	for key, full := range s.full { // begins anywhere
		if full <= now {
			delete(s.full, key)
		} else if fullest == "" || full < soonest {
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
