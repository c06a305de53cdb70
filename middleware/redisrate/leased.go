package redisrate

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/redis/rueidis"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/middleware"
)

const (
	defaultLease = time.Second
	defaultPart  = 10
	leaseShards  = 64
	// sweepEvery is how often a core looks for keys that nobody uses.
	sweepEvery = 10 * time.Second
)

// LeasedConfig configures NewLeased. The zero value is ready.
//
// Owner: any (a plain value).
type LeasedConfig struct {
	Config
	// Lease is how long tokens may be used that a core has taken in advance. Default 1 s, 10 ms to 1 minute.
	Lease time.Duration
	// Part bounds what a core takes at a time: one Part-th of the burst, and never more than the rate grows in a Lease. Default 10.
	Part int
}

// Leased is a [middleware.Limiter] in Redis that takes tokens in batches: each core spends its batch without a round trip, and gets the next
// one while it spends the last tokens of this one. The batch of a key doubles while it is spent in less than half a lease, and is halved when it was not
// spent: a key that is seldom used takes its tokens one by one, as with a [Limiter].
//
// The tokens of a batch leave the shared bucket when they are taken, so the error is bounded, whatever the number of processes and cores: in any time
// w no more than Burst + (w + Lease) x Requests / Window requests pass, where the bucket alone would let Burst + w x Requests / Window pass. Tokens that are not
// spent within their lease are lost: at the end of a burst each core of each process wastes at most the batches that it holds, two of them.
// A Leased and a Limiter with the same prefix share their buckets.
//
// Owner: any (its shards have locks; the rest is immutable after NewLeased).
type Leased struct {
	client rueidis.Client
	cfg    LeasedConfig
	script *rueidis.Lua
	wrong  mistake.List
	shards [leaseShards]leaseShard
}

var _ middleware.Limiter = (*Leased)(nil)

// NewLeased returns a limiter that uses client: that of redisclient.Open.
func NewLeased(client rueidis.Client, cfg LeasedConfig) *Leased {
	cfg.Prefix = cmp.Or(cfg.Prefix, "ratelimit:")
	cfg.Timeout = cmp.Or(cfg.Timeout, defaultTimeout)
	cfg.Lease = cmp.Or(cfg.Lease, defaultLease)
	cfg.Part = cmp.Or(cfg.Part, defaultPart)
	l := &Leased{client: client, cfg: cfg, script: rueidis.NewLuaScript(takeMany)}
	l.wrong.Unless(cfg.Lease >= 10*time.Millisecond && cfg.Lease <= time.Minute, fmt.Sprintf("LeasedConfig.Lease must be 10 ms to 1 minute, it is %v", cfg.Lease))
	l.wrong.Unless(cfg.Part > 0, "LeasedConfig.Part must be positive")
	for i := range l.shards {
		l.shards[i].keys = map[leaseKey]*lease{}
	}
	return l
}

// Mistake says what is wrong with the configuration, nil when nothing is.
func (l *Leased) Mistake() error { return l.wrong.Err() }

// leaseKey is a bucket.
//
// Owner: any (a value).
type leaseKey struct {
	key   string
	limit middleware.Limit
}

// leaseShard is what one core has.
//
// Owner: mu.
type leaseShard struct {
	mu    sync.Mutex
	keys  map[leaseKey]*lease
	swept time.Time
}

// batch is tokens that were taken together.
//
// Owner: mu of the shard.
type batch struct {
	tokens int
	until  time.Time
}

// lease is what one core has of a bucket.
//
// Owner: mu of the shard.
type lease struct {
	now, next batch
	taken     time.Time // when the last batch was
	size      int       // of the next batch
	refused   time.Time // until then there are no tokens
	known     middleware.Decision
	seen      time.Time
	filling   bool
	waiting   []async.Promise[middleware.Decision]
}

// spend takes a token that is there.
func (e *lease) spend(now time.Time) bool {
	for range 2 {
		if e.now.tokens > 0 && now.Before(e.now.until) {
			e.now.tokens--
			return true
		}
		if e.now.tokens > 0 { // not spent in time
			e.size = max(1, e.size/2)
		}
		e.now, e.next = e.next, batch{}
	}
	return false
}

// left is how many tokens are there.
func (e *lease) left() int { return e.now.tokens + e.next.tokens }

// decision is that of a request now.
func (e *lease) decision(ok bool, now time.Time) middleware.Decision {
	d := e.known
	d.OK, d.Retry = ok, 0
	if d.Remaining += e.left(); !ok {
		d.Remaining, d.Retry = 0, max(e.refused.Sub(now), 0)
	}
	return d
}

// Take implements [middleware.Limiter]. The future is ready while the core has tokens, and when it knows that there are none.
func (l *Leased) Take(ctx context.Context, key string, limit middleware.Limit) async.Future[middleware.Decision] {
	limit.Burst = cmp.Or(limit.Burst, limit.Requests)
	site, now := async.SiteOf(ctx), time.Now()
	s := &l.shards[0]
	if core, ok := site.Scheduler.(interface{ Core() int }); ok {
		s = &l.shards[core.Core()%leaseShards]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now, l.cfg.Lease)
	k := leaseKey{key, limit}
	e := s.keys[k]
	if e == nil {
		e = &lease{size: 1}
		s.keys[k] = e
	}
	e.seen = now
	switch {
	case len(e.waiting) == 0 && e.spend(now):
		if e.size > 1 && e.left() <= e.size/4 && !now.Before(e.refused) {
			l.fill(s, k, e, now)
		}
		return async.Ready(e.decision(true, now))
	case now.Before(e.refused):
		return async.Ready(e.decision(false, now))
	}
	promise, future := async.NewPromise[middleware.Decision](site.Scheduler)
	e.waiting = append(e.waiting, promise)
	l.fill(s, k, e, now)
	return future
}

// sweep drops keys that nobody has used for a while, now and then. Under mu.
func (s *leaseShard) sweep(now time.Time, idle time.Duration) {
	if now.Sub(s.swept) < sweepEvery {
		return
	}
	s.swept = now
	for k, e := range s.keys {
		if !e.filling && now.Sub(e.seen) > idle && !now.Before(e.refused) {
			delete(s.keys, k)
		}
	}
}

// largest is the largest batch of a limit.
func (l *Leased) largest(limit middleware.Limit) int {
	grown := int64(l.cfg.Lease / max(1, limit.Interval()))
	return int(max(1, min(int64(limit.Burst/l.cfg.Part), grown)))
}

// fill takes a batch, in the background: one at a time. Under mu of the shard.
func (l *Leased) fill(s *leaseShard, k leaseKey, e *lease, now time.Time) {
	if e.filling {
		return
	}
	e.filling = true
	if now.Sub(e.taken) < l.cfg.Lease/2 {
		e.size *= 2
	}
	e.size = min(e.size, l.largest(k.limit))
	e.taken = now
	want := max(e.size, len(e.waiting))
	go func() {
		got, err := l.takeMany(k, want)
		s.mu.Lock()
		defer s.mu.Unlock()
		e.filling = false
		l.filled(s, k, e, got, err)
	}()
}

// granted is what a call of the script has brought.
//
// Owner: any (a value).
type granted struct {
	tokens int
	middleware.Decision
	// asked is when it was called: the tokens have left the bucket after that.
	asked time.Time
}

// filled hands tokens out to those who wait, in their order, and keeps the rest. Under mu of the shard.
func (l *Leased) filled(s *leaseShard, k leaseKey, e *lease, got granted, err error) {
	waiting := e.waiting
	e.waiting = nil
	if err != nil {
		e.size = 1 // that many failed in a short time says nothing of how many tokens are needed
		for _, p := range waiting {
			p.Post(middleware.Decision{}, err)
		}
		return
	}
	now := time.Now()
	e.known = got.Decision
	none := got.tokens == 0
	if none {
		e.refused = now.Add(got.Retry)
	}
	for len(waiting) > 0 && got.tokens > 0 { // their tokens, however late they have come
		p := waiting[0]
		if waiting = waiting[1:]; !p.Cancelled() {
			got.tokens--
			d := e.decision(true, now)
			d.Remaining += got.tokens
			p.Post(d, nil)
		}
	}
	e.keep(batch{tokens: got.tokens, until: got.asked.Add(l.cfg.Lease)})
	switch {
	case len(waiting) == 0:
	case now.Before(e.refused) || none:
		for _, p := range waiting {
			if !p.Cancelled() {
				p.Post(e.decision(false, now), nil)
			}
		}
	default: // more have come than there were tokens
		e.waiting = waiting
		l.fill(s, k, e, now)
	}
}

// keep keeps a batch behind the one that is being spent.
func (e *lease) keep(fresh batch) {
	switch {
	case fresh.tokens == 0:
	case e.now.tokens == 0:
		e.now = fresh
	default:
		e.next = fresh
	}
}

// takeMany is [take] for as many tokens as there are, up to ARGV[4]. Its first result is how many.
const takeMany = begin + `
local n = math.min(tonumber(ARGV[4]), math.floor((interval * burst - (full - now)) / interval))
if n <= 0 then return {0, 0, full + interval - now - interval * burst, full - now, call} end
local after = full + n * interval
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000) + 1)
return {n, math.floor((interval * burst - (after - now)) / interval), 0, after - now, call}
`

func (l *Leased) takeMany(k leaseKey, want int) (got granted, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), l.cfg.Timeout)
	defer cancel()
	got.asked = time.Now()
	interval := max(1, k.limit.Interval().Microseconds())
	args := []string{strconv.FormatInt(interval, 10), strconv.Itoa(k.limit.Burst), "", strconv.Itoa(want)}
	answer, err := ask(ctx, l.client, l.script, l.cfg.Prefix+k.key, args)
	if err != nil {
		return got, err
	}
	got.tokens = int(answer[0])
	got.Decision = middleware.Decision{
		Remaining: int(answer[1]), Retry: time.Duration(answer[2]) * time.Microsecond, Reset: time.Duration(answer[3]) * time.Microsecond,
	}
	return got, nil
}
