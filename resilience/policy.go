package resilience

import (
	"context"
	"errors"
	"time"

	"github.com/fasterapi/fasterapi/async"
	"github.com/fasterapi/fasterapi/metric"
)

// Config configures [New]. Every part is optional; they apply in the order of the fields, the
// first one outermost.
//
// Owner: any (a plain value).
type Config struct {
	// Timeout bounds a call in all: its attempts and the pauses between them. Default: none but the
	// deadline of the caller.
	Timeout time.Duration
	// Retry repeats attempts that failed.
	Retry Retry
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
	name   string
	cfg    Config
	budget *Budget // nil: nothing is repeated

	calls, failures, retries, timeouts, late, unpaid metric.Shared
}

// New returns a policy. It panics with every setting that is wrong.
func New(name string, cfg Config) *Policy {
	wrong := checkOf("policy", name)
	wrong.duration("Timeout", cfg.Timeout, true)
	wrong.duration("AttemptTimeout", cfg.AttemptTimeout, true)
	wrong.unless(cfg.Timeout <= 0 || cfg.AttemptTimeout <= cfg.Timeout,
		"AttemptTimeout (%v) must not be longer than Timeout (%v)", cfg.AttemptTimeout, cfg.Timeout)
	cfg.Retry = cfg.Retry.withDefaults(wrong)
	wrong.done()
	p := &Policy{name: name, cfg: cfg, budget: cfg.Retry.Budget}
	switch {
	case cfg.Retry.Attempts == 1:
		p.budget = nil
	case p.budget == nil:
		p.budget = newBudget(name, BudgetConfig{}.withDefaults(name))
	}
	return p
}

// Name returns the name of the policy.
func (p *Policy) Name() string { return p.name }

// Breaker returns the breaker of the policy, nil when it has none.
func (p *Policy) Breaker() *Breaker { return p.cfg.Breaker }

// call is one call under a policy: its attempts one after the other.
//
// Owner: whoever makes the call, one goroutine or scheduler at a time.
type call struct {
	policy   *Policy
	ctx      context.Context
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

// begin starts a call. Work whose deadline has passed is not started.
func (p *Policy) begin(ctx context.Context) (c call, err error) {
	p.calls.Add(1)
	c = call{policy: p, ctx: ctx}
	if ctx.Err() != nil {
		return c, p.ended(ctx)
	}
	at, bounded := ctx.Deadline()
	if p.cfg.Timeout == 0 && p.budget == nil && !bounded {
		return c, nil
	}
	now := async.Now(ctx)
	if p.cfg.Timeout > 0 {
		c.deadline = now.Add(p.cfg.Timeout)
	}
	if bounded && !now.Before(at) {
		return c, p.tooLate()
	}
	if p.budget != nil {
		p.budget.deposit(now)
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
		if at := async.Now(c.ctx).Add(d); deadline.IsZero() || at.Before(deadline) {
			deadline, a.total = at, false
		}
	}
	if !deadline.IsZero() {
		a.scope = &scope{parent: c.ctx, deadline: deadline}
	}
	return a, nil
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
	if a.scope != nil && a.scope.finish() && err != nil {
		err = c.timedOut(a.total, err)
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

// failed counts a call that has failed for good.
func (c *call) failed(err error) error {
	c.policy.failures.Add(1)
	return err
}
