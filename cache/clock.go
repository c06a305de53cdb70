package cache

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/reactor"
)

// Clock tells the time. A reactor.ManualClock is one. When it is set back, no entry lives for longer: time goes on by the steps of
// the clock from there.
type Clock interface{ Now() time.Time }

// never is a moment that does not come.
const never = int64(math.MaxInt64)

// after is the moment d after at.
func after(at int64, d time.Duration) int64 {
	if d <= 0 {
		return at
	}
	if sum := at + int64(d); sum > at {
		return sum
	}
	return never
}

// timing is the clock of a cache, in nanoseconds since the cache was made.
//
// Owner: any (immutable after New).
type timing struct {
	clock *steps // nil: that of the caller
	base  time.Time
	// goroutines is the scheduler of callers without a reactor; nil: that of package async.
	goroutines async.Scheduler
}

func newTiming(clock Clock) timing {
	if clock == nil {
		return timing{base: time.Now()}
	}
	t := timing{base: clock.Now()}
	t.clock = &steps{clock: clock, base: t.base}
	if manual, ok := clock.(*reactor.ManualClock); ok {
		t.goroutines = manually{async.Background(), manual}
	}
	return t
}

// now is the time where ctx is.
func (t *timing) now(ctx context.Context) int64 {
	if t.clock != nil {
		return t.clock.now()
	}
	if async.SiteOf(ctx).Scheduler == nil {
		return int64(time.Since(t.base)) // half the cost of time.Now
	}
	return int64(async.Now(ctx).Sub(t.base))
}

// steps is a clock of the program's, which may be set back: the time of the cache stands still at that moment, and goes on by the
// steps of the clock, so that no entry lives for longer. The clocks of callers are monotonic.
//
// Owner: mu. clock, base: immutable.
type steps struct {
	clock Clock
	base  time.Time

	mu   sync.Mutex
	last int64
	back int64 // by how much the clock was set back in all
}

func (s *steps) now() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := int64(s.clock.Now().Sub(s.base)) + s.back
	if at < s.last {
		s.back += s.last - at
		at = s.last
	}
	s.last = at
	return at
}

// home is ctx with a scheduler whose timers go by the clock.
func (t *timing) home(ctx context.Context) context.Context {
	if t.goroutines == nil || async.SiteOf(ctx).Scheduler != nil {
		return ctx
	}
	return async.WithSite(ctx, async.Site{Scheduler: t.goroutines})
}

// manually is the scheduler of plain goroutines with the timers of a manual clock.
//
// Owner: any (immutable once made).
type manually struct {
	async.Scheduler
	clock *reactor.ManualClock
}

// Now implements [async.Scheduler].
func (m manually) Now() time.Time { return m.clock.Now() }

// After implements [async.Scheduler].
func (m manually) After(d time.Duration, t async.Task) async.Timer {
	return m.clock.AfterFunc(d, t.Run)
}

// loadContext is the context of a load: it has nothing of the caller who began it but the reactor, and a deadline.
//
// Owner: any (immutable once made).
type loadContext struct {
	context.Context
	end       context.CancelCauseFunc
	deadline  time.Time
	reactor   *reactor.Reactor // nil: none
	scheduler async.Scheduler
}

func (t *timing) loadContext(ctx context.Context, timeout time.Duration) *loadContext {
	own := &loadContext{reactor: reactor.From(ctx)}
	own.Context, own.end = context.WithCancelCause(context.Background())
	switch {
	case own.reactor != nil:
		own.scheduler = own.reactor
	case t.goroutines != nil:
		own.scheduler = t.goroutines
	default:
		own.scheduler = async.Background()
	}
	if t.clock != nil {
		own.deadline = t.clock.clock.Now().Add(timeout)
	} else {
		own.deadline = t.base.Add(time.Duration(t.now(ctx))).Add(timeout)
	}
	return own
}

// Deadline implements context.Context.
func (c *loadContext) Deadline() (time.Time, bool) { return c.deadline, true }

// Value implements context.Context.
func (c *loadContext) Value(key any) any {
	if key == async.SiteKey() {
		return c.AsyncSite()
	}
	return c.Context.Value(key)
}

// AsyncSite implements [async.SiteCarrier].
func (c *loadContext) AsyncSite() async.Site {
	if c.reactor == nil {
		return async.Site{Scheduler: c.scheduler}
	}
	return c.reactor.Here()
}
