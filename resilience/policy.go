package resilience

import (
	"context"
	"errors"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/internal/mistake"
	"github.com/fasterapi/fasterapi/internal/note"
	"github.com/fasterapi/fasterapi/metric"
)

// Config configures [New]. Every part is optional; they apply in the order of the fields, the
// first one outermost.
//
// Owner: any (a plain value).
type Config struct {
	// Limiter is asked first.
	Limiter *Limiter
	// Bulkhead holds a place for as long as the call lasts, with all its attempts.
	Bulkhead *Bulkhead
	// Timeout bounds the rest of a call in all: its attempts and the pauses between them. Default:
	// none but the deadline of the caller.
	Timeout time.Duration
	// Retry repeats attempts that failed.
	Retry Retry
	// Hedge begins another attempt beside one that takes long.
	Hedge Hedge
	// Breaker is asked before each attempt, and told how it ended.
	Breaker *Breaker
	// AttemptTimeout bounds each attempt. Default: none.
	AttemptTimeout time.Duration
}

// Policy is how to call something that may be slow, or fail. It is declared once, and used around
// functions ([Policy.Do]) and futures ([Policy.DoFuture]). Any goroutine may use it.
//
// Owner: any (immutable after New); the counters: any (atomic).
type Policy struct {
	mistaken
	name   string
	cfg    Config
	budget *Budget // nil: nothing is repeated
	times  *latencies

	calls, failures, retries, timeouts, late, unpaid, fallbacks, hedges, hedgesWon metric.Shared
}

// New returns a policy.
func New(name string, cfg Config) *Policy {
	wrong := checkOf("policy", name)
	wrong.duration("Timeout", cfg.Timeout, true)
	wrong.duration("AttemptTimeout", cfg.AttemptTimeout, true)
	wrong.unless(cfg.Timeout <= 0 || cfg.AttemptTimeout <= cfg.Timeout,
		"AttemptTimeout (%v) must not be longer than Timeout (%v)", cfg.AttemptTimeout, cfg.Timeout)
	cfg.Retry = cfg.Retry.resolve(wrong)
	cfg.Hedge = cfg.Hedge.resolve(wrong)
	if cfg.Retry.Budget == nil && (cfg.Retry.Attempts > 1 || cfg.Hedge.Most > 1) {
		cfg.Retry.Budget = NewBudget(name, BudgetConfig{})
	}
	p := &Policy{mistaken: mistaken{wrong.wrong}, name: name, cfg: cfg}
	if cfg.Retry.Attempts > 1 || cfg.Hedge.Most > 1 {
		p.budget = cfg.Retry.Budget
	}
	if cfg.Hedge.Most > 1 {
		p.times = &latencies{share: cfg.Hedge.Percentile, now: new(metric.Histogram), before: new(metric.Histogram)}
	}
	for _, part := range p.parts() {
		p.include(part)
	}
	return p
}

// part is a limiter, a bulkhead, a budget or a breaker.
type part interface {
	mistakes() mistake.List
	addTo(*Registry)
}

// parts are those that p has, in their order.
func (p *Policy) parts() (list []part) {
	if l := p.cfg.Limiter; l != nil {
		list = append(list, l)
	}
	if b := p.cfg.Bulkhead; b != nil {
		list = append(list, b)
	}
	if b := p.cfg.Retry.Budget; b != nil {
		list = append(list, b)
	}
	if b := p.cfg.Breaker; b != nil {
		list = append(list, b)
	}
	return list
}

// Name returns the name of the policy.
func (p *Policy) Name() string { return p.name }

// Config returns what the policy was made of, with defaults in place of what was zero.
func (p *Policy) Config() Config { return p.cfg }

// call is one call under a policy: its attempts one after the other.
//
// Owner: whoever makes the call, one goroutine or scheduler at a time.
type call struct {
	policy   *Policy
	ctx      context.Context
	now      time.Time // when it, or its last pause, was begun or ended; zero: not known
	deadline time.Time // of all attempts; zero: none
	attempts int
	last     error // what the attempt before failed with
}

// attempt is one attempt of a call.
//
// Owner: as call.
type attempt struct {
	scope  *scope // nil: nothing bounds it, and its context is that of the call
	permit Permit
	total  bool // the deadline of the scope is that of the call
}

// begin starts a call that has been admitted. Work whose deadline has passed is not started.
func (p *Policy) begin(ctx context.Context) (c call, err error) {
	c = call{policy: p, ctx: ctx}
	if len(p.wrong) > 0 {
		return c, p.Mistake()
	}
	if ctx.Err() != nil {
		return c, p.ended(ctx)
	}
	at, bounded := ctx.Deadline()
	if p.cfg.Timeout == 0 && p.cfg.AttemptTimeout == 0 && p.budget == nil && !bounded {
		return c, nil
	}
	c.now = async.Now(ctx)
	if p.cfg.Timeout > 0 {
		c.deadline = c.now.Add(p.cfg.Timeout)
	}
	if bounded && !c.now.Before(at) {
		return c, p.tooLate()
	}
	if p.budget != nil {
		p.budget.deposit(c.now)
	}
	return c, nil
}

// ended is the error of a call whose caller has left, or whose time is over, before it began.
func (p *Policy) ended(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return p.tooLate()
	}
	return context.Cause(ctx)
}

func (p *Policy) tooLate() error {
	p.late.Add(1)
	return &TimeoutError{Policy: p.name, Err: ErrLate}
}

// next begins an attempt. Its error ends the call.
func (c *call) next() (a attempt, err error) {
	p := c.policy
	if b := p.cfg.Breaker; b != nil {
		if a.permit, err = b.Allow(c.ctx); err != nil {
			if r, ok := err.(*Refusal); ok && c.last != nil {
				r.Last = c.last
			}
			return a, err
		}
	}
	c.attempts++
	deadline := c.deadline
	a.total = true
	if d := p.cfg.AttemptTimeout; d > 0 {
		if at := c.since().Add(d); deadline.IsZero() || at.Before(deadline) {
			deadline, a.total = at, false
		}
	}
	if !deadline.IsZero() {
		a.scope = &scope{parent: c.ctx, deadline: deadline}
	}
	return a, nil
}

// since is the time at which an attempt begins: the first one when the call does.
func (c *call) since() time.Time {
	if c.attempts > 1 {
		return async.Now(c.ctx)
	}
	return c.now
}

// context is what the work of the attempt runs with.
func (a *attempt) context(c *call) context.Context {
	if a.scope == nil {
		return c.ctx
	}
	return a.scope
}

// done ends an attempt, however it went, and returns its error as the caller gets to see it.
func (a *attempt) done(c *call, err error) error {
	if a.scope != nil {
		if err != nil {
			_ = a.scope.Err() // nobody may have waited for it, and the time be over
		}
		late := a.scope.finish()
		switch {
		case err == nil:
		case late:
			err = c.timedOut(a.total, err)
		case errors.Is(err, context.Canceled) && a.scope.Err() == context.DeadlineExceeded:
			// It was told to stop because the time of the caller is over.
			err = &TimeoutError{Policy: c.policy.name, Err: context.DeadlineExceeded}
		}
	}
	a.permit.Done(err)
	return err
}

// timedOut is the error of an attempt that has taken too long.
func (c *call) timedOut(total bool, err error) error {
	p := c.policy
	p.timeouts.Add(1)
	if errors.Is(err, context.Canceled) {
		err = nil // it was told to stop, and breakers shall not take that for a caller who left
	}
	t := &TimeoutError{Policy: p.name, Limit: p.cfg.AttemptTimeout, Total: total, Err: err}
	if total {
		t.Limit = p.cfg.Timeout
	}
	return t
}

// again tells whether there is another attempt after one that failed with err, and after which
// pause.
func (c *call) again(err error) (pause time.Duration, ok bool) {
	p := c.policy
	c.last = err
	if p.budget == nil || c.attempts >= p.cfg.Retry.Attempts || !p.cfg.Retry.worth(c.ctx, err) {
		return 0, false
	}
	pause, ok = p.cfg.Retry.pause(c.attempts, err)
	if !ok {
		return 0, false
	}
	now := async.Now(c.ctx)
	if c.outOfTime(now.Add(pause)) {
		return 0, false
	}
	if !p.budget.withdraw(now) {
		p.unpaid.Add(1)
		return 0, false
	}
	p.retries.Add(1)
	note.That(c.ctx, note.Retried)
	return pause, true
}

// outOfTime tells whether an attempt that begins at the given time could not end in time.
func (c *call) outOfTime(at time.Time) bool {
	if !c.deadline.IsZero() && !at.Before(c.deadline) {
		return true
	}
	end, ok := c.ctx.Deadline()
	return ok && !at.Before(end)
}

// lost counts a call that has failed for good.
func (p *Policy) lost(err error) error {
	p.failures.Add(1)
	return err
}
