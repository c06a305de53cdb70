package resilience

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/note"
	"github.com/fasterapi/fasterapi/metric"
)

// State is what a breaker does with calls.
type State uint8

// The states of a breaker.
const (
	Closed   State = iota // lets calls through
	Open                  // refuses them for a while
	HalfOpen              // lets a few through, to see
	Isolated              // refuses them until Reset: an operator wants it so
)

// String returns the state in lower case: "half-open".
func (s State) String() string { return [...]string{"closed", "open", "half-open", "isolated"}[s&3] }

// BreakerConfig configures [NewBreaker]. The zero value opens after 5 failures in a row, for
// 60 s, and then lets one call through to see.
//
// Owner: any (a plain value).
type BreakerConfig struct {
	// Failures is how many failures in a row open the breaker. Default 5, none when Rate is
	// set; 1 to 1,048,576.
	Failures int
	// Rate opens the breaker when this part of the calls Over the time just past has failed, 0
	// to 1, if there were at least Minimum. Default 0: no rate.
	Rate float64
	// Over is how far back Rate looks; default 10 s. It moves in steps of a tenth.
	Over time.Duration
	// Minimum is how many calls there must be in that time for Rate to mean something; default 20.
	Minimum int
	// OpenFor is how long an open breaker refuses calls; default 60 s.
	OpenFor time.Duration
	// Probes is how many calls a half-open breaker lets through at a time, and how many must
	// succeed for it to close; one failure opens it again. Default 1; at most 64.
	Probes int
	// ProbeLimit is how long the outcome of a probe may be outstanding; then another call is
	// let through in its place. Default 30 s.
	ProbeLimit time.Duration
	// If tells whether an error is a failure. It is not asked about nil, nor about what a caller
	// who left has brought about. Default [Failed].
	If func(error) bool
	// Critical says that the service is of no use while the breaker is open or isolated:
	// [Registry.Ready] fails then.
	Critical bool
	// OnChange is called after each change of state, on the goroutine that caused it; it must
	// not block. Changes are logged in any case.
	OnChange func(from, to State)
}

func (c BreakerConfig) resolve(name string) (BreakerConfig, mistaken) {
	wrong := checkOf("breaker", name)
	if c.Failures == 0 && c.Rate == 0 {
		c.Failures = 5
	}
	c.Over = cmp.Or(c.Over, 10*time.Second)
	c.Minimum = cmp.Or(c.Minimum, 20)
	c.OpenFor = cmp.Or(c.OpenFor, time.Minute)
	c.Probes = cmp.Or(c.Probes, 1)
	c.ProbeLimit = cmp.Or(c.ProbeLimit, 30*time.Second)
	if c.If == nil {
		c.If = Failed
	}
	wrong.count("Failures", c.Failures, 0, manyCalls)
	wrong.share("Rate", c.Rate)
	wrong.duration("Over", c.Over, false)
	wrong.unless(c.Over < 0 || c.Over >= 10*time.Millisecond, "Over must be at least 10ms, it is %v", c.Over)
	wrong.count("Minimum", c.Minimum, 1, manyCalls)
	wrong.duration("OpenFor", c.OpenFor, false)
	wrong.count("Probes", c.Probes, 1, maxProbes)
	wrong.duration("ProbeLimit", c.ProbeLimit, false)
	return c, mistaken{wrong.wrong}
}

// Breaker stops calls to what keeps failing, so that callers get an answer at once and what
// is called gets time to recover. Any goroutine may use it.
//
// Owner: mu. mistaken, name, cfg: immutable. gate, run, news and the counters: any (atomic).
type Breaker struct {
	mistaken
	name string
	cfg  BreakerConfig

	gate atomic.Uint64 // generation and state, see gateOf
	run  atomic.Int64  // failures in a row, while closed

	mu      sync.Mutex
	window  window
	since   time.Time // of the state
	probes  probes
	changes []change // to be told, in their order
	telling bool
	news    atomic.Bool // changes is not empty

	passed, failed, refused, opened metric.Shared
}

// change is a change of state that OnChange has not heard of yet.
//
// Owner: mu of the breaker.
type change struct {
	from, to State
	ctx      context.Context // of the call that has made it, for its logger
}

// gateOf packs the generation of a state, which each change increments, and the state into
// one word: the fast path of a closed breaker is one load.
func gateOf(generation uint64, s State) uint64 { return generation<<2 | uint64(s) }

// NewBreaker returns a closed breaker.
func NewBreaker(name string, cfg BreakerConfig) *Breaker {
	b := &Breaker{name: name}
	b.cfg, b.mistaken = cfg.resolve(name)
	b.gate.Store(gateOf(1, Closed))
	b.window.step = b.cfg.Over / steps
	if len(b.wrong) > 0 {
		b.gate.Store(gateOf(1, Isolated)) // Allow says why
	}
	return b
}

// Name returns the name of the breaker.
func (b *Breaker) Name() string { return b.name }

// State returns what the breaker does with calls. An open one whose time is over is
// [HalfOpen] from the next call on.
func (b *Breaker) State() State { return State(b.gate.Load() & 3) }

// Allow asks for one call: a [*Refusal] with [ErrOpen] when it may not be made. Whoever got
// a permit must say how the call ended, with [Permit.Done]. [Breaker.Do] and
// [Breaker.DoFuture] do both. The time is that of ctx, see [async.Now].
func (b *Breaker) Allow(ctx context.Context) (Permit, error) {
	if gate := b.gate.Load(); State(gate&3) == Closed {
		return Permit{b: b, ctx: ctx, gate: gate, slot: -1}, nil
	}
	return b.allowNotClosed(ctx)
}

// allowNotClosed is Allow for a breaker that is not closed.
func (b *Breaker) allowNotClosed(ctx context.Context) (Permit, error) {
	if len(b.wrong) > 0 {
		return Permit{}, b.Mistake()
	}
	now := async.Now(ctx)
	b.mu.Lock()
	defer b.tell()
	defer b.mu.Unlock()
	left := time.Duration(0)
	switch b.State() {
	case Open:
		if left = b.left(now); left <= 0 {
			b.become(ctx, HalfOpen, now)
		}
	case Isolated:
		left = b.cfg.OpenFor
	}
	switch b.State() {
	case Closed:
		return Permit{b: b, ctx: ctx, gate: b.gate.Load(), slot: -1}, nil
	case HalfOpen:
		slot, ok := b.probes.take(now, b.cfg.Probes, b.cfg.ProbeLimit)
		if ok {
			return Permit{b: b, ctx: ctx, gate: b.gate.Load(), slot: slot}, nil
		}
	}
	b.refused.Add(1)
	note.That(ctx, note.Broken)
	return Permit{}, &Refusal{Policy: b.name, Reason: ErrOpen, After: max(left, 0)}
}

// left is how long an open breaker refuses calls. A clock that was set back does not make it
// longer than OpenFor.
func (b *Breaker) left(now time.Time) time.Duration {
	if now.Before(b.since) {
		b.since = now
	}
	return b.cfg.OpenFor - now.Sub(b.since)
}

// Permit is the leave to make one call. Copies are the same permit.
//
// Owner: any (immutable once made).
type Permit struct {
	b    *Breaker
	ctx  context.Context // for its clock
	gate uint64          // of the breaker when the permit was given
	slot int             // of a probe; below 0: none
}

// Done says how the call ended: nil is a success, and BreakerConfig.If decides about errors.
// What is neither, a cancellation, counts as nothing, and gives a probe back. The first call
// counts. A probe whose permit never comes back is replaced after ProbeLimit.
func (p Permit) Done(err error) {
	b := p.b
	switch {
	case b == nil:
	case err == nil:
		b.passed.Add(1)
		if p.slot >= 0 || b.cfg.Rate > 0 || b.run.Load() != 0 {
			b.record(p, success)
		}
	default:
		b.judge(p, err)
	}
}

// judge is Done for an error. When If panics that is a failure, and the panic goes on.
func (b *Breaker) judge(p Permit, err error) {
	how := failure
	defer func() { b.note(p, how) }()
	switch {
	case errors.Is(err, context.Canceled), errors.Is(p.ctx.Err(), context.Canceled):
		// The caller has left: whatever it is, it may come of that.
		how = nothing
	case b.cfg.If(err):
	case blames(err): // it has answered
		how = success
	default:
		how = nothing
	}
}

func (b *Breaker) note(p Permit, how outcome) {
	switch how {
	case failure:
		b.failed.Add(1)
	case success:
		b.passed.Add(1)
	}
	b.record(p, how)
}

// outcome is what a call says about the health of what was called.
type outcome uint8

const (
	nothing outcome = iota
	success
	failure
)

// record counts an outcome, if the breaker is still in the state in which the permit was
// given.
func (b *Breaker) record(p Permit, how outcome) {
	now := time.Time{}
	if how == failure || b.cfg.Rate > 0 || p.slot >= 0 {
		now = async.Now(p.ctx)
	}
	b.mu.Lock()
	defer b.tell()
	defer b.mu.Unlock()
	if b.gate.Load() != p.gate {
		return
	}
	if p.slot >= 0 {
		b.probed(p, how, now)
		return
	}
	if how == nothing {
		return
	}
	if b.cfg.Rate > 0 {
		b.window.add(now, how == failure)
	}
	if how == success {
		b.run.Store(0)
		return
	}
	run := b.run.Add(1)
	calls, failures := b.window.sum()
	if b.cfg.Failures > 0 && run >= int64(b.cfg.Failures) ||
		b.cfg.Rate > 0 && calls >= b.cfg.Minimum && float64(failures) >= b.cfg.Rate*float64(calls) {
		b.become(p.ctx, Open, now)
	}
}

// probed counts the outcome of a probe.
func (b *Breaker) probed(p Permit, how outcome, now time.Time) {
	if !b.probes.giveBack(p.slot) {
		return // reported before, or replaced
	}
	switch how {
	case failure:
		b.become(p.ctx, Open, now)
	case success:
		if b.probes.won++; b.probes.won >= b.cfg.Probes {
			b.become(p.ctx, Closed, now)
		}
	}
}

// become changes the state, for a call with ctx. Under mu.
func (b *Breaker) become(ctx context.Context, to State, now time.Time) {
	gate := b.gate.Load()
	b.changes = append(b.changes, change{State(gate & 3), to, ctx})
	b.news.Store(true)
	b.since = now
	b.run.Store(0)
	b.window.clear()
	b.probes = probes{}
	if to == Open {
		b.opened.Add(1)
	}
	b.gate.Store(gateOf(gate>>2+1, to))
}

// Do calls fn if the breaker lets it through, and counts how it ends. A panic of fn is a
// failure, and goes on.
func (b *Breaker) Do[T any](ctx context.Context, fn func(context.Context) (T, error)) (v T, err error) {
	permit, err := b.Allow(ctx)
	if err != nil {
		return v, err
	}
	err = errBroken
	defer func() { permit.Done(err) }()
	return fn(ctx)
}

// DoFuture is Do for functions that return a future. A panic of fn fails it.
func (b *Breaker) DoFuture[T any](ctx context.Context, fn func(context.Context) async.Future[T]) async.Future[T] {
	permit, err := b.Allow(ctx)
	if err != nil {
		return async.Failed[T](err)
	}
	returned := false
	defer func() {
		if !returned {
			permit.Done(errBroken)
		}
	}()
	f := start(ctx, fn)
	v, err, ready := f.Result()
	returned = true
	if ready {
		permit.Done(err)
		return async.Of(v, err)
	}
	return f.Then(func(v T) T {
		permit.Done(nil)
		return v
	}).Recover(func(err error) (T, error) {
		permit.Done(err)
		return v, err
	})
}

// errBroken stands for the outcome of a function that did not return: it panicked, or ended its
// goroutine.
var errBroken = errors.New("resilience: the function panicked, or ended its goroutine")

// Isolate makes the breaker refuse all calls until [Breaker.Reset].
func (b *Breaker) Isolate() { b.turn(Isolated) }

// Reset closes the breaker and forgets what it has counted.
func (b *Breaker) Reset() { b.turn(Closed) }

func (b *Breaker) turn(to State) {
	b.mu.Lock()
	defer b.tell()
	defer b.mu.Unlock()
	if len(b.wrong) == 0 && (b.State() != to || to == Closed) {
		b.become(context.Background(), to, time.Time{})
	}
}

// tell reports changes to the log and to OnChange: outside of mu, so that it may use the
// breaker, and in their order.
func (b *Breaker) tell() {
	for b.news.Load() {
		b.mu.Lock()
		if b.telling || len(b.changes) == 0 {
			b.mu.Unlock()
			return
		}
		c := b.changes[0]
		b.changes, b.telling = b.changes[1:], true
		b.news.Store(len(b.changes) > 0)
		b.mu.Unlock()
		b.tellOne(c)
	}
}

func (b *Breaker) tellOne(c change) {
	log := async.SiteOf(c.ctx).Logger()
	defer func() {
		if v := recover(); v != nil {
			log.Error("OnChange of a breaker panicked", slog.String("breaker", b.name), slog.Any("panic", v))
		}
		b.mu.Lock()
		b.telling = false
		b.mu.Unlock()
	}()
	if c.from == c.to {
		return
	}
	level := slog.LevelWarn
	if c.to == Closed {
		level = slog.LevelInfo
	}
	log.Log(context.Background(), level, "breaker is "+c.to.String(), slog.String("breaker", b.name), slog.String("was", c.from.String()))
	if b.cfg.OnChange != nil {
		b.cfg.OnChange(c.from, c.to)
	}
}
