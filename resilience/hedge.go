package resilience

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/metric"
)

// Hedge begins another attempt beside one that takes longer than most, and takes what comes first:
// the slowest calls become as fast as usual, for a few calls more. The zero value does not. Only
// work that may be done twice is hedged ([Retry].Idempotent, [Idempotent]), and the budget of Retry
// pays.
//
// Owner: any (a plain value).
type Hedge struct {
	// Percentile is the part of the attempts that end without a hedge, by what was observed of the
	// last one or two thousand: 0.95 hedges the slowest twentieth. 0.5 to 0.9999; default 0: After
	// alone decides. Nothing is hedged before 100 attempts have been seen, unless After says when.
	Percentile float64
	// After is the shortest time after which an attempt is hedged; with Percentile the longer of
	// the two.
	After time.Duration
	// Most is how many attempts there are at a time. Default 2 when another field is set, else 1; at
	// most 10.
	Most int
}

func (h Hedge) resolve(wrong *check) Hedge {
	if h.Percentile != 0 || h.After != 0 {
		h.Most = cmp.Or(h.Most, 2)
	}
	h.Most = cmp.Or(h.Most, 1)
	wrong.unless(h.Percentile == 0 || h.Percentile >= 0.5 && h.Percentile <= 0.9999, "Hedge.Percentile must be 0.5 to 0.9999, it is %v", h.Percentile)
	wrong.duration("Hedge.After", h.After, true)
	wrong.count("Hedge.Most", h.Most, 1, 10)
	wrong.unless(h.Most <= 1 || h.Percentile != 0 || h.After != 0, "Hedge.Most needs Percentile or After, to say when")
	return h
}

// enough is how many attempts must have been seen for a percentile to mean something.
const enough = 100

// latencies is how long attempts took lately.
//
// Owner: mu. share: immutable.
type latencies struct {
	share float64 // 0: is not asked for

	mu          sync.Mutex
	now, before *metric.Histogram
	seen        int // in now
	full        bool
	percentile  time.Duration // as computed last; 0: not known
}

// Of latencies.
const (
	renewed  = 1024 // attempts, then the older ones are forgotten
	computed = 64   // attempts, then the percentile is computed again
)

func (l *latencies) record(d time.Duration) {
	if l.share == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now.Record(int64(d))
	l.seen++
	if l.full && l.seen%computed == 0 || !l.full && l.seen >= enough && (l.seen-enough)%computed == 0 {
		s := l.now.Snapshot()
		older := l.before.Snapshot()
		s.Merge(&older)
		l.percentile = time.Duration(s.Quantile(l.share))
	}
	if l.seen == renewed {
		l.before, l.now = l.now, new(metric.Histogram)
		l.seen, l.full = 0, true
	}
}

// hedgeAfter is when to begin another attempt; false: nothing is known that says so.
func (p *Policy) hedgeAfter() (time.Duration, bool) {
	h := &p.cfg.Hedge
	if h.Percentile == 0 {
		return h.After, true
	}
	p.times.mu.Lock()
	defer p.times.mu.Unlock()
	d := max(p.times.percentile, h.After)
	return d, d > 0
}

// hedged tells whether attempts of a call may be hedged.
func (p *Policy) hedged(ctx context.Context) bool {
	return p.cfg.Hedge.Most > 1 && (p.cfg.Retry.Idempotent || isIdempotent(ctx))
}

// race is an attempt and its hedges. The first value wins; when all have failed, the error of the
// last one counts.
//
// Owner: mu. run, promise, began: immutable.
type race[T any] struct {
	run     *run[T]
	promise async.Promise[T]
	future  async.Future[T]
	began   time.Time

	mu      sync.Mutex
	over    bool
	begun   int
	open    []async.Future[T] // under way, by the order of their beginning
	pending int
	pause   async.Future[struct{}] // until the next hedge
}

func newRace[T any](r *run[T]) *race[T] {
	r.attempts++
	c := &race[T]{run: r, began: async.Now(r.ctx)}
	c.promise, c.future = async.NewPromise[T](async.SiteOf(r.ctx).Scheduler)
	return c
}

// begin begins the first attempt.
func (c *race[T]) begin() async.Future[T] {
	c.promise.OnCancel(func() { c.end() })
	c.enter()
	c.wait()
	return c.future
}

// enter begins an attempt. Each has a call of its own, since they are under way together.
func (c *race[T]) enter() {
	c.mu.Lock()
	if c.over {
		c.mu.Unlock()
		return
	}
	n := c.begun
	c.begun++
	c.pending++
	c.mu.Unlock()
	own := c.run.call
	own.attempts-- // next counts it
	if n > 0 {
		own.now = async.Now(own.ctx)
	}
	a, err := own.next()
	if err != nil {
		c.lost(err)
		return
	}
	returned := false
	defer func() {
		if !returned { // fn has ended its goroutine, and nobody else tells
			c.lost(async.ErrGoexit)
		}
	}()
	f := a.start(&own, c.run.fn)
	returned = true
	if c.keep(f) {
		f.Cancel()
	}
	a.during(&own, f).OnDone(func(v T, err error) {
		if err != nil {
			c.lost(err)
		} else {
			c.won(n, v)
		}
	})
}

// keep notes a future that is to be cancelled when the race is over; true: it is.
func (c *race[T]) keep(f async.Future[T]) (over bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open = append(c.open, f)
	return c.over
}

// won ends the race with a value, or gives back one that comes too late.
func (c *race[T]) won(n int, v T) {
	p := c.run.policy
	first := c.end()
	if first {
		p.times.record(async.Now(c.run.ctx).Sub(c.began)) // of the first attempt, at least
		if n > 0 {
			p.hedgesWon.Add(1)
		}
	}
	if !first || !c.promise.Post(v, nil) {
		if d, ok := any(v).(async.Discarder); ok {
			d.Discard()
		}
	}
}

// lost notes that an attempt has failed. A hedge that the breaker refuses does not end the race.
func (c *race[T]) lost(err error) {
	c.mu.Lock()
	c.pending--
	last := c.pending == 0
	c.mu.Unlock()
	if last && c.end() {
		var none T
		c.promise.Post(none, err)
	}
}

// end ends the race, and everything that is under way with it. It returns false when it was over.
func (c *race[T]) end() bool {
	c.mu.Lock()
	if c.over {
		c.mu.Unlock()
		return false
	}
	c.over = true
	open, pause := c.open, c.pause
	c.mu.Unlock()
	pause.Cancel()
	for _, f := range open {
		f.Cancel()
	}
	return true
}

// wait begins a hedge when it is time, and the next one after that.
func (c *race[T]) wait() {
	p := c.run.policy
	after, known := p.hedgeAfter()
	c.mu.Lock()
	if c.over || !known || c.begun >= p.cfg.Hedge.Most {
		c.mu.Unlock()
		return
	}
	c.pause = async.Sleep(c.run.ctx, after)
	pause := c.pause
	c.mu.Unlock()
	pause.OnDone(func(_ struct{}, err error) {
		if err != nil || c.ended() {
			return
		}
		now := async.Now(c.run.ctx)
		if c.run.outOfTime(now) {
			return
		}
		if !p.budget.withdraw(now) {
			p.unpaid.Add(1)
			return
		}
		p.hedges.Add(1)
		c.enter()
		c.wait()
	})
}

func (c *race[T]) ended() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over
}
